import { randomBytes } from 'node:crypto';

/** Randomness, injected so that a seed replays a run. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** `count` random bytes. */
  bytes(count: number): Uint8Array;
}

/** Cryptographically strong randomness of the machine. */
export const systemRandom: Random = {
  next: () => drawBytes(6).readUIntBE(0, 6) / 2 ** 48,
  bytes: drawBytes,
};

/** Asking the system costs much more than a few bytes do. */
const POOL_BYTES = 4_096;
let pool = Buffer.alloc(0);

function drawBytes(count: number): Buffer {
  if (count > POOL_BYTES / 16) return randomBytes(count);
  if (pool.length < count) pool = randomBytes(POOL_BYTES);
  const drawn = pool.subarray(0, count);
  pool = pool.subarray(count);
  return drawn;
}

/** A small fast generator (xoshiro128**), the same sequence for the same seed. Not for secrets. */
export function seededRandom(seed: number): Random {
  // splitmix32 spreads the seed over the state, as the generator's authors advise.
  let mix = seed >>> 0;
  const spread = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  let a = spread();
  let b = spread();
  let c = spread();
  let d = spread();
  const rotate = (x: number, bits: number): number => (x << bits) | (x >>> (32 - bits));
  const word = (): number => {
    const result = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = rotate(d, 11);
    return result;
  };
  return {
    next: () => word() / 2 ** 32,
    bytes: (count) => Uint8Array.from({ length: count }, () => word() & 0xff),
  };
}

/** An integer uniform in [0, below). */
export function randomInteger(random: Random, below: number): number {
  return Math.floor(random.next() * below);
}
