import { isIPv4, isIPv6 } from 'node:net';

/** An IP address as a number. */
export interface Address {
  readonly family: 4 | 6;
  readonly bits: bigint;
}

export interface Prefix {
  readonly address: Address;
  readonly length: number;
}

/** Reads an address; IPv4 in IPv6 and zones aren't taken, leading zeros neither. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) {
    return { family: 4, bits: text.split('.').reduce((bits, part) => (bits << 8n) | BigInt(part), 0n) };
  }
  if (!isIPv6(text) || text.includes('%') || text.includes('.')) return undefined;
  const [head = '', tail] = text.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = Array<string>(8 - before.length - after.length).fill('0');
  const bits = [...before, ...gap, ...after].reduce((all, part) => (all << 16n) | BigInt(`0x${part}`), 0n);
  return bits >> 32n === 0xffffn ? undefined : { family: 6, bits };
}

export function parsePrefix(text: string): Prefix | undefined {
  const [base = '', length = '', rest] = text.split('/');
  const address = parseAddress(base);
  if (address === undefined || rest !== undefined || !/^(0|[1-9]\d*)$/.test(length)) return undefined;
  return Number(length) > widthOf(address) ? undefined : { address, length: Number(length) };
}

export function widthOf({ family }: Address): number {
  return family === 4 ? 32 : 128;
}

/** As RFC 5952 wants it. */
export function formatAddress({ family, bits }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => String((bits >> shift) & 255n)).join('.');
  const groups = Array.from({ length: 8 }, (_, index) => ((bits >> BigInt(112 - 16 * index)) & 0xffffn).toString(16));
  const text = groups.join(':');
  const zeros = [...text.matchAll(/(?<![0-9a-f])0(?::0)+(?![0-9a-f])/g)];
  const longest = zeros.reduce<RegExpExecArray | undefined>(
    (best, run) => (best === undefined || run[0].length > best[0].length ? run : best),
    undefined,
  );
  if (longest === undefined) return text;
  const before = text.slice(0, longest.index).replace(/:$/, '');
  return `${before}::${text.slice(longest.index + longest[0].length).replace(/^:/, '')}`;
}

/** Whether the first `length` bits of both are the same. */
export function inPrefix({ address, length }: Prefix, other: Address): boolean {
  const shift = BigInt(widthOf(address) - length);
  return address.family === other.family && address.bits >> shift === other.bits >> shift;
}

/** The prefix's first address. */
export function masked({ address, length }: Prefix): Prefix {
  const shift = BigInt(widthOf(address) - length);
  return { address: { family: address.family, bits: (address.bits >> shift) << shift }, length };
}
