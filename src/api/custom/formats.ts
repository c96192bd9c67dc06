import { isIPv4, isIPv6 } from 'node:net';
import { checkDns1123Label, checkDns1123Subdomain } from '../names.ts';
import { parseTime } from '../time.ts';

/** What strings of a format look like. Formats that Kubernetes doesn't know say nothing. */
export function hasFormat(format: string, text: string): boolean {
  const check = formats.get(format.replaceAll('-', ''));
  return check === undefined || check(text);
}

const uuid = (version: string): RegExp =>
  new RegExp(`^[0-9a-f]{8}-?[0-9a-f]{4}-?${version}[0-9a-f]{3}-?[0-9a-f]{4}-?[0-9a-f]{12}$`, 'i');

const matches =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text);

const base64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const isIsbn10 = (text: string): boolean => {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^\d{9}[\dX]$/.test(digits)) return false;
  const sum = [...digits].reduce((total, digit, index) => total + (10 - index) * (digit === 'X' ? 10 : +digit), 0);
  return sum % 11 === 0;
};
const isIsbn13 = (text: string): boolean => {
  const digits = text.replace(/[\s-]/g, '');
  if (!/^\d{13}$/.test(digits)) return false;
  return [...digits].reduce((total, digit, index) => total + +digit * (index % 2 === 0 ? 1 : 3), 0) % 10 === 0;
};
/** Luhn's check digit. */
const isCreditCard = (text: string): boolean => {
  const digits = text.replace(/\D/g, '');
  if (digits.length < 13 || digits.length > 19) return false;
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = index % 2 === 0 ? +digit : +digit * 2;
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
};
const isCidr = (text: string): boolean => {
  const [address = '', bits = '', ...rest] = text.split('/');
  if (rest.length > 0 || !/^\d{1,3}$/.test(bits)) return false;
  return isIPv4(address) ? +bits <= 32 : isIPv6(address) && +bits <= 128;
};
const isDate = (text: string): boolean =>
  /^\d{4}-\d\d-\d\d$/.test(text) && parseTime(`${text}T00:00:00Z`) !== undefined;
/** A URI with a scheme, or an absolute path. */
const isUri = (text: string): boolean => text !== '' && (text.startsWith('/') || URL.canParse(text));
const hostname =
  /^(?=.{1,255}$)(?:[a-zA-Z0-9\u{80}-\u{10ffff}](?:[a-zA-Z0-9\u{80}-\u{10ffff}-]{0,61}[a-zA-Z0-9\u{80}-\u{10ffff}])?)(?:\.[a-zA-Z0-9\u{80}-\u{10ffff}](?:[a-zA-Z0-9\u{80}-\u{10ffff}-]{0,61}[a-zA-Z0-9\u{80}-\u{10ffff}])?)*\.?$/u;
/** Go's notation (`1h30m`) and the longer one with words. */
const duration =
  /^[-+]?(?:0|(?:(?:\d+(?:\.\d*)?|\.\d+)\s*(?:ns|us|µs|μs|ms|s|m|h|d|w|nano|micro|milli|sec|secs|seconds?|min|mins|minutes?|hr|hours?|days?|wk|weeks?)\s*)+)$/;

const formats: ReadonlyMap<string, (text: string) => boolean> = new Map([
  ['bsonobjectid', matches(/^[0-9a-f]{24}$/i)],
  ['uri', isUri],
  ['email', matches(/^[^\s@<>()[\]\\,;:"]{1,64}@[^\s@<>()[\]\\,;:"]{1,255}$/)],
  ['hostname', matches(hostname)],
  ['ipv4', isIPv4],
  ['ipv6', isIPv6],
  ['cidr', isCidr],
  ['mac', matches(/^(?:[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}|(?:[0-9a-f]{4}\.){2}[0-9a-f]{4})$/i)],
  ['uuid', matches(uuid('[0-9a-f]'))],
  ['uuid3', matches(uuid('3'))],
  ['uuid4', matches(uuid('4'))],
  ['uuid5', matches(uuid('5'))],
  ['isbn', (text: string) => isIsbn10(text) || isIsbn13(text)],
  ['isbn10', isIsbn10],
  ['isbn13', isIsbn13],
  ['creditcard', isCreditCard],
  ['ssn', matches(/^\d{3}[- ]?\d{2}[- ]?\d{4}$/)],
  ['hexcolor', matches(/^#?(?:[0-9a-f]{3}|[0-9a-f]{6})$/i)],
  ['rgbcolor', matches(/^rgb\(\s*(?:25[0-5]|2[0-4]\d|1?\d?\d)\s*(?:,\s*(?:25[0-5]|2[0-4]\d|1?\d?\d)\s*){2}\)$/)],
  ['byte', matches(base64)],
  ['date', isDate],
  ['datetime', (text: string) => parseTime(text) !== undefined],
  ['duration', matches(duration)],
  ['k8sshortname', (text: string) => checkDns1123Label(text).length === 0],
  ['k8slongname', (text: string) => checkDns1123Subdomain(text).length === 0],
]);
