import { traversal } from '../budget.ts';
import { EvaluationError } from '../errors.ts';
import { type Cost, declare, type Library } from '../functions.ts';
import { opaque } from '../types.ts';
import { OpaqueValue } from '../values.ts';
import { type Address, formatAddress, inPrefix, masked, type Prefix, parseAddress, parsePrefix } from './addresses.ts';

const ipType = opaque('net.IP');
const cidrType = opaque('net.CIDR');
const length: Cost = ([text]) => 1 + traversal((text as string).length);

class IpValue extends OpaqueValue {
  override readonly type = ipType;
  readonly address: Address;
  constructor(address: Address) {
    super();
    this.address = address;
  }
  override equals(other: OpaqueValue): boolean {
    return other instanceof IpValue && sameAddress(other.address, this.address);
  }
}

class CidrValue extends OpaqueValue {
  override readonly type = cidrType;
  readonly prefix: Prefix;
  constructor(prefix: Prefix) {
    super();
    this.prefix = prefix;
  }
  override equals(other: OpaqueValue): boolean {
    if (!(other instanceof CidrValue)) return false;
    return other.prefix.length === this.prefix.length && sameAddress(other.prefix.address, this.prefix.address);
  }
}

function sameAddress(a: Address, b: Address): boolean {
  return a.family === b.family && a.bits === b.bits;
}

function addressOf(text: string): Address {
  const address = parseAddress(text);
  if (address !== undefined) return address;
  throw new EvaluationError(
    `IP Address ${JSON.stringify(text)} parse error during conversion from string: ParseAddr(${JSON.stringify(text)}): unable to parse IP`,
  );
}

function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text);
  if (prefix !== undefined) return prefix;
  throw new EvaluationError(
    `network address parse error during conversion from string: netip.ParsePrefix(${JSON.stringify(text)}): no valid prefix`,
  );
}

const inRange = (range: string): ((ip: IpValue) => boolean) => {
  const prefix = parsePrefix(range)!;
  return ({ address }) => inPrefix(prefix, address);
};

const either = (v4: string, v6: string): ((ip: IpValue) => boolean) => {
  const [four, six] = [inRange(v4), inRange(v6)];
  return (ip) => four(ip) || six(ip);
};

const isUnspecified = either('0.0.0.0/32', '::/128');
const isLoopback = either('127.0.0.0/8', '::1/128');
const isLinkLocalMulticast = either('224.0.0.0/24', 'ff02::/16');
const isLinkLocalUnicast = either('169.254.0.0/16', 'fe80::/10');
const isMulticast = either('224.0.0.0/4', 'ff00::/8');
const isBroadcast = inRange('255.255.255.255/32');

function isGlobalUnicast(ip: IpValue): boolean {
  return ![isUnspecified, isLoopback, isMulticast, isLinkLocalUnicast, isBroadcast].some((test) => test(ip));
}

function containsPrefix(outer: Prefix, inner: Prefix): boolean {
  return outer.length <= inner.length && inPrefix(outer, masked(inner).address);
}

/** Only what is written as it would be shown. */
function isCanonical(text: string): boolean {
  return formatAddress(addressOf(text)) === text;
}

export const ips: Library = [
  declare('ip(string): net.IP', (text: string) => new IpValue(addressOf(text)), length),
  declare('isIP(string): bool', (text: string) => parseAddress(text) !== undefined, length),
  declare('ip.isCanonical(string): bool', isCanonical, length),
  declare('string(net.IP): string', ({ address }: IpValue) => formatAddress(address)),
  declare('(net.IP).family(): int', ({ address }: IpValue) => BigInt(address.family)),
  declare('(net.IP).isUnspecified(): bool', isUnspecified),
  declare('(net.IP).isLoopback(): bool', isLoopback),
  declare('(net.IP).isLinkLocalMulticast(): bool', isLinkLocalMulticast),
  declare('(net.IP).isLinkLocalUnicast(): bool', isLinkLocalUnicast),
  declare('(net.IP).isGlobalUnicast(): bool', isGlobalUnicast),

  declare('cidr(string): net.CIDR', (text: string) => new CidrValue(prefixOf(text)), length),
  declare('isCIDR(string): bool', (text: string) => parsePrefix(text) !== undefined, length),
  declare('string(net.CIDR): string', ({ prefix }: CidrValue) => `${formatAddress(prefix.address)}/${prefix.length}`),
  declare('(net.CIDR).ip(): net.IP', ({ prefix }: CidrValue) => new IpValue(prefix.address)),
  declare('(net.CIDR).masked(): net.CIDR', ({ prefix }: CidrValue) => new CidrValue(masked(prefix))),
  declare('(net.CIDR).prefixLength(): int', ({ prefix }: CidrValue) => BigInt(prefix.length)),
  declare('(net.CIDR).containsIP(net.IP): bool', ({ prefix }: CidrValue, { address }: IpValue) =>
    inPrefix(prefix, address),
  ),
  declare('(net.CIDR).containsIP(string): bool', ({ prefix }: CidrValue, text: string) =>
    inPrefix(prefix, addressOf(text)),
  ),
  declare('(net.CIDR).containsCIDR(net.CIDR): bool', ({ prefix }: CidrValue, other: CidrValue) =>
    containsPrefix(prefix, other.prefix),
  ),
  declare('(net.CIDR).containsCIDR(string): bool', ({ prefix }: CidrValue, text: string) =>
    containsPrefix(prefix, prefixOf(text)),
  ),
];
