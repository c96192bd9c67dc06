import { isIP } from 'node:net';
import { type FieldPath, invalidValue } from '../field-errors.ts';
import type { Errors } from './checks.ts';

export const addressText = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
export const cidrText = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

export interface Cidr {
  address: string;
  family: 'ipv4' | 'ipv6';
  prefix: number;
}

/** 4, 6, or 0 for what is no address; one of an interface (`fe80::1%eth0`) is none either. */
export function ipVersion(text: string): number {
  return text.includes('%') ? 0 : isIP(text);
}

export function checkIp(errors: Errors, path: FieldPath, text: string): boolean {
  const valid = ipVersion(text) !== 0;
  if (!valid) errors.push(invalidValue(path, text, addressText));
  return valid;
}

/** An address as the name of an object: in its one canonical form. */
export function checkCanonicalIp(text: string): string[] {
  if (ipVersion(text) === 0) return [addressText];
  const canonical = ipVersion(text) === 4 ? text : canonicalIpv6(text);
  return text === canonical ? [] : [`must be in canonical form ("${canonical}")`];
}

function canonicalIpv6(text: string): string {
  const bytes = bytesOf(text);
  return bytes.length === 4 ? bytes.join('.') : new URL(`http://[${text}]`).hostname.slice(1, -1);
}

export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  const version = ipVersion(address);
  if (version === 0 || rest.length > 0 || !/^\d{1,3}$/.test(length)) return undefined;
  const prefix = Number(length);
  if (prefix > (version === 4 ? 32 : 128)) return undefined;
  return { address, family: version === 4 ? 'ipv4' : 'ipv6', prefix };
}

export function checkCidr(errors: Errors, path: FieldPath, text: string): Cidr | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) errors.push(invalidValue(path, text, cidrText));
  return cidr;
}

/** Where pods are: unlike in Kubernetes it may be a loopback address, which is what pods that are plain processes have. */
export function checkEndpointIp(errors: Errors, path: FieldPath, address: string): void {
  checkNotSpecial(errors, path, address, true);
}

/** Addresses that mean something else on every node are nowhere to send to. */
export function checkNotSpecial(errors: Errors, path: FieldPath, address: string, loopback = false): void {
  const refuse = (detail: string): void => void errors.push(invalidValue(path, address, detail));
  const bytes = bytesOf(address);
  const [a, b, c] = bytes as [number, number, number];
  const short = bytes.length === 4;
  const low = bytes.slice(0, -1).every((byte) => byte === 0);
  if (low && bytes.at(-1) === 0) refuse(`may not be unspecified (${address})`);
  if (!loopback && (short ? a === 127 : low && bytes.at(-1) === 1)) {
    refuse('may not be in the loopback range (127.0.0.0/8, ::1/128)');
  }
  if (short ? a === 169 && b === 254 : a === 0xfe && (b & 0xc0) === 0x80) {
    refuse('may not be in the link-local range (169.254.0.0/16, fe80::/10)');
  }
  if (short ? a === 224 && b === 0 && c === 0 : a === 0xff && (b & 0x0f) === 0x02) {
    refuse('may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)');
  }
}

/** The 4 or 16 bytes of a valid address; one of IPv4 within IPv6 has 4. */
export function bytesOf(address: string): number[] {
  if (isIP(address) === 4) return address.split('.').map(Number);
  const tail = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(address);
  const [head = '', rest] = (tail === null ? address : tail[1]!.slice(0, -1)).split('::');
  const groups = (text: string | undefined): number[] =>
    (text ?? '').split(':').flatMap((group) => {
      if (group === '') return [];
      const value = Number.parseInt(group, 16);
      return [value >> 8, value & 0xff];
    });
  const last = tail === null ? [] : tail[2]!.split('.').map(Number);
  const [before, after] = [groups(head), [...groups(rest), ...last]];
  const bytes = [...before, ...new Array<number>(Math.max(0, 16 - before.length - after.length)).fill(0), ...after];
  const mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 0xff && bytes[11] === 0xff;
  return mapped ? bytes.slice(12) : bytes;
}
