import type { Configuration, PeerId } from './types.ts';

/** Of one member; it is the host's, and opaque here. */
const MAX_ADDRESS_LENGTH = 300;

/** A configuration without members: that of a peer that is yet to be told who is in the cluster. */
export const noMembers: Configuration = Object.freeze({
  voters: [],
  votersOutgoing: [],
  learners: [],
  learnersNext: [],
  autoLeave: false,
});

/** Whether `peer` counts in majorities; in a joint configuration, of either half. */
export function isVoter(configuration: Configuration, peer: PeerId): boolean {
  return configuration.voters.includes(peer) || configuration.votersOutgoing.includes(peer);
}

/** Whether two sets of voters rule together (§6), on the way from one to the other. */
export function isJoint({ votersOutgoing }: Configuration): boolean {
  return votersOutgoing.length > 0;
}

/** Everybody who gets the log. */
export function membersOf(configuration: Configuration): Set<PeerId> {
  return new Set([...configuration.voters, ...configuration.votersOutgoing, ...configuration.learners]);
}

/** Whether a peer was a member and is none any more, or was skipped: numbers are given in ascending order, each once. */
export function isUsedUp(configuration: Configuration, peer: PeerId): boolean {
  return peer <= highestId(configuration) && !membersOf(configuration).has(peer);
}

/** The highest number that any member has ever had. */
export function highestId(configuration: Configuration): PeerId {
  return Math.max(0, configuration.highestId ?? 0, ...membersOf(configuration));
}

/** The data of a `configuration` entry. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(configuration));
}

/** Reads a `configuration` entry's data; undefined when it holds none. */
export function decodeConfiguration(data: Uint8Array): Configuration | undefined {
  try {
    const value: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(data));
    return isConfiguration(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether a value from outside has the shape of a configuration. */
export function isConfiguration(value: unknown): value is Configuration {
  if (typeof value !== 'object' || value === null) return false;
  const fields = value as Record<keyof Configuration, unknown>;
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = fields;
  const { promotable = [], addresses = {}, highestId: highest = 0 } = fields;
  return (
    [voters, votersOutgoing, learners, learnersNext, promotable].every(isPeerList) &&
    typeof autoLeave === 'boolean' &&
    areAddresses(addresses) &&
    Number.isSafeInteger(highest)
  );
}

/** Whether a value from outside may be a member's address. */
export function isAddress(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX_ADDRESS_LENGTH;
}

function areAddresses(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).every(([peer, address]) => /^[1-9]\d*$/.test(peer) && isAddress(address));
}

function isPeerList(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  return value.every((peer, at) => Number.isSafeInteger(peer) && peer > (at === 0 ? 0 : value[at - 1]));
}
