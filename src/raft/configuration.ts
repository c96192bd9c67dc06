import type { Configuration, PeerId } from './types.ts';

/** Whether `peer` counts in majorities; in a joint configuration, of either half. */
export function isVoter(configuration: Configuration, peer: PeerId): boolean {
  return configuration.voters.includes(peer) || configuration.votersOutgoing.includes(peer);
}

/** Everybody who gets the log. */
export function membersOf(configuration: Configuration): Set<PeerId> {
  return new Set([...configuration.voters, ...configuration.votersOutgoing, ...configuration.learners]);
}

/** The data of a `configuration` entry. */
export function encodeConfiguration(configuration: Configuration): Uint8Array {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration;
  return new TextEncoder().encode(JSON.stringify({ voters, votersOutgoing, learners, learnersNext, autoLeave }));
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
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = value as Record<keyof Configuration, unknown>;
  return [voters, votersOutgoing, learners, learnersNext].every(isPeerList) && typeof autoLeave === 'boolean';
}

function isPeerList(value: unknown): boolean {
  if (!Array.isArray(value)) return false;
  return value.every((peer, at) => Number.isSafeInteger(peer) && peer > (at === 0 ? 0 : value[at - 1]));
}
