import type { ApiError } from '../../api/index.ts';
import { KeelsonError, type Random, randomInteger } from '../../base/index.ts';
import type { Operation } from '../../store/index.ts';
import type { Guard } from './types.ts';

/** A range of which no two owners may have the same value. */
export interface AllocationRange {
  /** Names it in keys. */
  name: string;
  /** As errors show it. */
  text: string;
  size: number;
  /** So many values at the start are kept for who asks for them by name, while there are others. */
  reserved: number;
  valueAt(offset: number): string;
  /** Undefined: not in the range. */
  offsetOf(value: string): number | undefined;
}

/**
 * Hands out values of a range. What is taken stands in the store under a key of its own, which a claim compares and sets
 * in the transaction that writes the owner: no two peers can hand out the same.
 */
export class Allocator {
  readonly range: AllocationRange;
  readonly #random: Random;

  constructor(range: AllocationRange, random: Random) {
    this.range = range;
    this.#random = random;
  }

  /** A value that isn't in use as far as this peer knows; undefined: all are. */
  pick(inUse: ReadonlySet<string>): string | undefined {
    const { size, reserved } = this.range;
    return this.#pickBetween(reserved, size, inUse) ?? this.#pickBetween(0, reserved, inUse);
  }

  /** `taken`: the error if somebody else has it; absent: the write is tried again with another. */
  claim(value: string, owner: string, taken?: () => ApiError): { guard: Guard; operation: Operation } {
    const key = this.#keyOf(value);
    return {
      guard: { compare: { key, target: 'version', operator: '=', operand: 0 }, refusal: () => taken?.() },
      operation: { type: 'put', key, value: Buffer.from(owner) },
    };
  }

  release(value: string): Operation {
    return { type: 'delete', key: this.#keyOf(value) };
  }

  #keyOf(value: string): string {
    return `/keelson/allocations/${this.range.name}/${value}`;
  }

  /** Starts anywhere, so that peers which know nothing of each other's last picks seldom meet. */
  #pickBetween(low: number, high: number, inUse: ReadonlySet<string>): string | undefined {
    const count = high - low;
    if (count <= 0) return undefined;
    const start = randomInteger(this.#random, count);
    for (let step = 0; step < count; step++) {
      const value = this.range.valueAt(low + ((start + step) % count));
      if (!inUse.has(value)) return value;
    }
    return undefined;
  }
}

export interface Allocators {
  clusterIps: Allocator;
  nodePorts: Allocator;
}

/** `text` is an IPv4 CIDR; its first (network) and last (broadcast) addresses aren't handed out. */
export function ipRange(text: string): AllocationRange {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text);
  const [a, b, c, d, bits] = (match ?? []).slice(1).map(Number) as [number, number, number, number, number];
  if (match === null || [a, b, c, d].some((part) => part > 255) || bits < 8 || bits > 28) {
    throw new KeelsonError(
      'INVALID_RANGE',
      `"${text}" is no IPv4 range: give one such as 10.96.0.0/12, of 8 to 28 bits`,
    );
  }
  const total = 2 ** (32 - bits);
  const address = ((a * 256 + b) * 256 + c) * 256 + d;
  const base = address - (address % total) + 1;
  const size = total - 2;
  return {
    name: 'clusterips',
    text,
    size,
    reserved: total <= 16 ? 0 : Math.min(Math.max(16, Math.floor(total / 16)), 256),
    valueAt: (offset) => ipText(base + offset),
    offsetOf(value) {
      const parts = value.split('.').map(Number);
      if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return undefined;
      const offset = parts.reduce((sum, part) => sum * 256 + part, 0) - base;
      return offset >= 0 && offset < size ? offset : undefined;
    },
  };
}

/** `text` is `first-last`. */
export function portRange(text: string): AllocationRange {
  const [first = 0, last = 0] = /^(\d+)-(\d+)$/.exec(text)?.slice(1).map(Number) ?? [];
  if (!(first >= 1 && last >= first && last <= 65_535)) {
    throw new KeelsonError('INVALID_RANGE', `"${text}" is no range of ports: give one such as 30000-32767`);
  }
  const size = last - first + 1;
  return {
    name: 'nodeports',
    text,
    size,
    reserved: size <= 16 ? 0 : Math.min(Math.max(16, Math.floor(size / 32)), 128),
    valueAt: (offset) => String(first + offset),
    offsetOf: (value) => (Number(value) >= first && Number(value) <= last ? Number(value) - first : undefined),
  };
}

function ipText(address: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join('.');
}
