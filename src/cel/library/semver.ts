import { traversal } from '../budget.ts';
import { EvaluationError } from '../errors.ts';
import { type Cost, declare, type Library } from '../functions.ts';
import { opaque } from '../types.ts';
import { OpaqueValue } from '../values.ts';

const semverType = opaque('kubernetes.Semver');
/** https://semver.org/#is-there-a-suggested-regular-expression-regex-to-check-a-semver-string */
const grammar =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/;
const length: Cost = ([text]) => 1 + traversal((text as string).length);

class SemverValue extends OpaqueValue {
  override readonly type = semverType;
  readonly numbers: readonly bigint[];
  readonly prerelease: readonly string[];
  constructor(numbers: readonly bigint[], prerelease: readonly string[]) {
    super();
    this.numbers = numbers;
    this.prerelease = prerelease;
  }
  override equals(other: OpaqueValue): boolean {
    return other instanceof SemverValue && compareVersions(this, other) === 0n;
  }
}

function parse(text: string, normalize: boolean): SemverValue | undefined {
  const match = grammar.exec(normalize ? normalized(text) : text);
  if (match === null || text.length > 256) return undefined;
  return new SemverValue(match.slice(1, 4).map(BigInt), match[4]?.split('.') ?? []);
}

/** Takes `v1.2`: no prefix, three numbers, no leading zeros. */
function normalized(text: string): string {
  const [, core = '', rest = ''] = /^v?([^-+]*)(.*)$/s.exec(text) ?? [];
  const numbers = core.split('.').map((part) => part.replace(/^0+(?=\d)/, ''));
  while (numbers.length < 3 && rest === '') numbers.push('0');
  return numbers.join('.') + rest;
}

function compareVersions(a: SemverValue, b: SemverValue): bigint {
  for (const [index, number] of a.numbers.entries()) {
    const other = b.numbers[index]!;
    if (number !== other) return number < other ? -1n : 1n;
  }
  if (a.prerelease.length === 0 || b.prerelease.length === 0) {
    return BigInt(Math.sign(b.prerelease.length - a.prerelease.length));
  }
  for (const [index, part] of a.prerelease.entries()) {
    const other = b.prerelease[index];
    if (other === undefined) return 1n;
    if (part !== other) return BigInt(comparePart(part, other));
  }
  return a.prerelease.length < b.prerelease.length ? -1n : 0n;
}

/** Numbers come before words. */
function comparePart(a: string, b: string): number {
  const [numberA, numberB] = [/^\d+$/.test(a), /^\d+$/.test(b)];
  if (numberA && numberB) return BigInt(a) < BigInt(b) ? -1 : 1;
  if (numberA !== numberB) return numberA ? -1 : 1;
  return a < b ? -1 : 1;
}

function versionOf(text: string, normalize: boolean): SemverValue {
  const version = parse(text, normalize);
  if (version !== undefined) return version;
  throw new EvaluationError(`invalid semantic version: ${JSON.stringify(text)}`);
}

export const semver: Library = [
  declare('semver(string): kubernetes.Semver', (text: string) => versionOf(text, false), length),
  declare('semver(string, bool): kubernetes.Semver', versionOf, length),
  declare('isSemver(string): bool', (text: string) => parse(text, false) !== undefined, length),
  declare(
    'isSemver(string, bool): bool',
    (text: string, normalize: boolean) => parse(text, normalize) !== undefined,
    length,
  ),
  ...['major', 'minor', 'patch'].map((name, index) =>
    declare(`(kubernetes.Semver).${name}(): int`, ({ numbers }: SemverValue) => numbers[index]!),
  ),
  declare('(kubernetes.Semver).compareTo(kubernetes.Semver): int', compareVersions),
  declare(
    '(kubernetes.Semver).isLessThan(kubernetes.Semver): bool',
    (a: SemverValue, b: SemverValue) => compareVersions(a, b) < 0n,
  ),
  declare(
    '(kubernetes.Semver).isGreaterThan(kubernetes.Semver): bool',
    (a: SemverValue, b: SemverValue) => compareVersions(a, b) > 0n,
  ),
];
