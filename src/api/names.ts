import type { Random } from '../base/index.ts';
import { randomInteger } from '../base/index.ts';

/** The alphabet of generated suffixes: no vowels and no look-alikes, so no words come out. */
export const suffixAlphabet = 'bcdfghjklmnpqrstvwxz2456789';

const suffixLength = 5;
const maxNameLength = 63;
/** The longest subdomain, and so the longest name of most kinds. */
export const maxSubdomainLength = 253;
const maxLabelLength = 63;

const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const subdomain = `${label}(\\.${label})*`;
const wildcard = `\\*\\.${subdomain}`;
const searchLabel = '_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const searchDomain = `${searchLabel}(\\.${searchLabel})*`;
const label1035 = '[a-z]([-a-z0-9]*[a-z0-9])?';
const labelKey = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const labelValue = `(${labelKey})?`;
const configKey = '[-._a-zA-Z0-9]+';
const httpHeader = '[-A-Za-z0-9]+';
const httpPath = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const percent = '[0-9]+%';

const whole = (pattern: string): RegExp => new RegExp(`^(?:${pattern})$`);
const labelPattern = whole(label);
const subdomainPattern = whole(subdomain);
const wildcardPattern = whole(wildcard);
const searchDomainPattern = whole(searchDomain);
const label1035Pattern = whole(label1035);
const labelKeyPattern = whole(labelKey);
const labelValuePattern = whole(labelValue);
const configKeyPattern = whole(configKey);
const httpHeaderPattern = whole(httpHeader);
const httpPathPattern = whole(httpPath);
const percentPattern = whole(percent);

/*
 * The checks below say what is wrong with a value, in Kubernetes' words; an empty list means
 * that it is valid.
 */

/** A label as DNS (RFC 1123) has it: what containers, namespaces and many others are named by. */
export function checkDns1123Label(value: string): string[] {
  const problems = value.length > maxLabelLength ? [tooLongText(maxLabelLength)] : [];
  if (labelPattern.test(value)) return problems;
  if (subdomainPattern.test(value)) return [...problems, 'must not contain dots'];
  const text =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...problems, patternText(text, label, 'my-name', '123-abc')];
}

/** Labels joined by dots: the name of most kinds. */
export function checkDns1123Subdomain(value: string): string[] {
  const problems = value.length > maxSubdomainLength ? [tooLongText(maxSubdomainLength)] : [];
  if (subdomainPattern.test(value)) return problems;
  const text =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
  return [...problems, patternText(text, subdomain, 'example.com')];
}

/** Any one label, then a subdomain: `*.example.com`. */
export function checkWildcardDns1123Subdomain(value: string): string[] {
  const problems = value.length > maxSubdomainLength ? [tooLongText(maxSubdomainLength)] : [];
  if (wildcardPattern.test(value)) return problems;
  const text =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  return [...problems, patternText(text, wildcard, '*.example.com')];
}

/** A domain that names are looked up in, which may have underscores. */
export function checkSearchDomain(value: string): string[] {
  const problems = value.length > maxSubdomainLength ? [tooLongText(maxSubdomainLength)] : [];
  if (searchDomainPattern.test(value)) return problems;
  const text =
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', and must start and end with an alphanumeric character";
  return [...problems, patternText(text, searchDomain, 'example.com')];
}

/** A label that starts with a letter: the name of a Service. */
export function checkDns1035Label(value: string): string[] {
  const problems = value.length > maxLabelLength ? [tooLongText(maxLabelLength)] : [];
  if (label1035Pattern.test(value)) return problems;
  const text =
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character";
  return [...problems, patternText(text, label1035, 'my-name', 'abc-123')];
}

/** A name with an optional subdomain and slash before it: label keys, annotation keys, resources. */
export function checkQualifiedName(value: string): string[] {
  const parts = value.split('/');
  const text =
    "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  const pattern = patternText(text, labelKey, 'MyName', 'my.name', '123-abc');
  if (parts.length > 2) {
    return [`a valid label key ${pattern} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const problems: string[] = [];
  const name = parts.at(-1)!;
  if (parts.length === 2) {
    const prefix = parts[0]!;
    const found = prefix === '' ? ['must be non-empty'] : checkDns1123Subdomain(prefix);
    problems.push(...found.map((problem) => `prefix part ${problem}`));
  }
  if (name === '') problems.push('name part must be non-empty');
  else if (name.length > maxLabelLength) problems.push(`name part ${tooManyBytesText(maxLabelLength)}`);
  if (!labelKeyPattern.test(name)) problems.push(`name part ${pattern}`);
  return problems;
}

export function checkLabelValue(value: string): string[] {
  const problems = value.length > maxLabelLength ? [tooManyBytesText(maxLabelLength)] : [];
  if (labelValuePattern.test(value)) return problems;
  const text =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  return [...problems, patternText(text, labelValue, 'MyValue', 'my_value', '12345')];
}

/** Kubernetes 1.34 and newer take any printable ASCII but `=`. */
export function checkEnvironmentName(value: string): string[] {
  if (value === '') return ['environment variable name must be non-empty'];
  if (/^[\x20-\x3c\x3e-\x7e]+$/.test(value)) return [];
  return ["a valid environment variable name must consist only of printable ASCII characters other than '='"];
}

/** A key of a ConfigMap or Secret. */
export function checkConfigKey(value: string): string[] {
  const problems = value.length > maxSubdomainLength ? [tooLongText(maxSubdomainLength)] : [];
  if (!configKeyPattern.test(value)) {
    const text = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    problems.push(patternText(text, configKey, 'key.name', 'KEY_NAME', 'key-name'));
  }
  if (value === '.') problems.push("must not be '.'");
  else if (value === '..') problems.push("must not be '..'");
  else if (value.startsWith('..')) problems.push("must not start with '..'");
  return problems;
}

/** The name of a port (RFC 6335, lower case only). */
export function checkPortName(value: string): string[] {
  const problems = value.length > 15 ? [tooLongText(15)] : [];
  if (!/^[-a-z0-9]+$/.test(value)) {
    problems.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(value)) problems.push('must contain at least one letter (a-z)');
  if (value.includes('--')) problems.push('must not contain consecutive hyphens');
  if (value.startsWith('-') || value.endsWith('-')) problems.push('must not begin or end with a hyphen');
  return problems;
}

export function checkHttpHeaderName(value: string): string[] {
  if (httpHeaderPattern.test(value)) return [];
  return [
    patternText("a valid HTTP header must consist of alphanumeric characters or '-'", httpHeader, 'X-Header-Name'),
  ];
}

export function checkPercent(value: string): string[] {
  if (percentPattern.test(value)) return [];
  const text = "a valid percent string must be a numeric string followed by an ending '%'";
  return [patternText(text, percent, '1%', '93%')];
}

/** A name that can stand in a path of the API: the rule of kinds without a stricter one. */
export function checkPathSegment(value: string): string[] {
  if (value === '.' || value === '..') return [`may not be '${value}'`];
  return ['/', '%'].filter((part) => value.includes(part)).map((part) => `may not contain '${part}'`);
}

export function checkPortNumber(value: number): string[] {
  return checkRange(value, 1, 65535);
}

export function checkRange(value: number, low: number, high: number): string[] {
  return value >= low && value <= high ? [] : [`must be between ${low} and ${high}, inclusive`];
}

export const isDns1123Label = (value: string): boolean => value.length <= maxLabelLength && labelPattern.test(value);

export const isDns1123Subdomain = (value: string): boolean =>
  value.length <= maxSubdomainLength && subdomainPattern.test(value);

/** A domain, a slash and a path: the name of a controller. */
export function checkDomainPrefixedPath(value: string): string[] {
  const slash = value.indexOf('/');
  if (slash <= 0 || slash === value.length - 1) return ['must be a domain-prefixed path (such as "acme.io/foo")'];
  const problems = checkDns1123Subdomain(value.slice(0, slash));
  const path = value.slice(slash + 1);
  if (!httpPathPattern.test(path)) problems.push(patternText('Invalid path', httpPath));
  return problems;
}

/** `length` random characters of the suffix alphabet. */
export function randomSuffix(random: Random, length: number = suffixLength): string {
  let suffix = '';
  for (let index = 0; index < length; index++) {
    suffix += suffixAlphabet[randomInteger(random, suffixAlphabet.length)];
  }
  return suffix;
}

/** A name from `metadata.generateName`: the base, cut so that the whole fits a label, and a random suffix. */
export function generateName(base: string, random: Random): string {
  return base.slice(0, maxNameLength - suffixLength) + randomSuffix(random);
}

function tooLongText(max: number): string {
  return `must be no more than ${max} characters`;
}

function tooManyBytesText(max: number): string {
  return `must be no more than ${max} bytes`;
}

function patternText(text: string, pattern: string, ...examples: string[]): string {
  const list = examples.map((example) => `'${example}', `).join(' or ');
  return `${text} (e.g. ${list}regex used for validation is '${pattern}')`;
}
