import { EvaluationError } from '../errors.ts';
import { declare, type Library } from '../functions.ts';
import { Duration, Timestamp, type Value } from '../values.ts';

const SECOND = 1_000_000_000n;
const MILLI = 1_000_000n;
const MAX_DURATION = 2n ** 63n - 1n;
/** Years 1 to 9999. */
const FIRST = -62_135_596_800n * SECOND;
const LAST = 253_402_300_800n * SECOND - 1n;

const units: Readonly<Record<string, bigint>> = {
  ns: 1n,
  us: 1_000n,
  µs: 1_000n,
  μs: 1_000n,
  ms: MILLI,
  s: SECOND,
  m: 60n * SECOND,
  h: 3_600n * SECOND,
};

export function checkedTimestamp(nanos: bigint): Timestamp {
  if (nanos < FIRST || nanos > LAST) throw new EvaluationError('timestamp overflow');
  return new Timestamp(nanos);
}

export function checkedDuration(nanos: bigint): Duration {
  if (nanos > MAX_DURATION || nanos < -MAX_DURATION - 1n) throw new EvaluationError('duration overflow');
  return new Duration(nanos);
}

/** Reads `1h30m`, `-1.5s`, as Go does; undefined: it isn't one. */
export function parseDuration(text: string): Duration | undefined {
  const match = /^([+-]?)((?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+|0)$/.exec(text);
  if (match === null) return undefined;
  let nanos = 0n;
  for (const [, whole = '', fraction = '', unit = ''] of match[2]!.matchAll(/(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)/g)) {
    const size = units[unit]!;
    nanos += BigInt(whole || '0') * size + (BigInt(fraction || '0') * size) / 10n ** BigInt(fraction.length);
  }
  if (nanos > MAX_DURATION) return undefined;
  return new Duration(match[1] === '-' ? -nanos : nanos);
}

/** Reads RFC 3339; undefined: it isn't one. */
export function parseTimestamp(text: string): Timestamp | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (match === null) return undefined;
  const [, date = '', fraction = '', zone = ''] = match;
  const milliseconds = Date.parse(`${date}${zone}`);
  if (Number.isNaN(milliseconds)) return undefined;
  const nanos = BigInt(milliseconds) * MILLI + BigInt(fraction.slice(0, 9).padEnd(9, '0'));
  return nanos < FIRST || nanos > LAST ? undefined : new Timestamp(nanos);
}

/** Seconds with what fraction there is: `3600s`, `0.5s`. */
export function formatDuration({ nanos }: Duration): string {
  const positive = nanos < 0n ? -nanos : nanos;
  const fraction = fractionOf(positive % SECOND);
  return `${nanos < 0n ? '-' : ''}${positive / SECOND}${fraction}s`;
}

export function formatTimestamp({ nanos }: Timestamp): string {
  const { date, rest } = split(nanos);
  return `${date.toISOString().slice(0, 19)}${fractionOf(rest)}Z`;
}

function fractionOf(nanos: bigint): string {
  if (nanos === 0n) return '';
  return `.${String(nanos).padStart(9, '0').replace(/0+$/, '')}`;
}

/** The whole second, and what is left in nanoseconds. */
function split(nanos: bigint): { date: Date; rest: bigint } {
  const rest = ((nanos % SECOND) + SECOND) % SECOND;
  return { date: new Date(Number((nanos - rest) / MILLI)), rest };
}

/** The moment as a Date whose UTC fields are those of the time zone's clock. */
function inZone({ nanos }: Timestamp, zone: string): Date {
  const { date } = split(nanos);
  const offset = /^([+-]?)(\d\d):(\d\d)$/.exec(zone);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3]);
    return new Date(date.getTime() + (offset[1] === '-' ? -minutes : minutes) * 60_000);
  }
  if (zone === '' || zone === 'UTC') return date;
  let parts: Intl.DateTimeFormatPart[];
  try {
    parts = formatOf(zone).formatToParts(date);
  } catch {
    throw new EvaluationError(`unknown time zone ${zone}`);
  }
  const part = (type: string): number => Number(parts.find((candidate) => candidate.type === type)?.value);
  return new Date(Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second')));
}

const formats = new Map<string, Intl.DateTimeFormat>();
const MAX_FORMATS = 64;

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    });
    if (formats.size >= MAX_FORMATS) formats.clear();
    formats.set(timeZone, format);
  }
  return format;
}

const DAY_MS = 86_400_000;
const accessors: Readonly<Record<string, (date: Date) => number>> = {
  getFullYear: (date) => date.getUTCFullYear(),
  getMonth: (date) => date.getUTCMonth(),
  getDate: (date) => date.getUTCDate(),
  getDayOfMonth: (date) => date.getUTCDate() - 1,
  getDayOfWeek: (date) => date.getUTCDay(),
  getDayOfYear: (date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS),
  getHours: (date) => date.getUTCHours(),
  getMinutes: (date) => date.getUTCMinutes(),
  getSeconds: (date) => date.getUTCSeconds(),
};

const parts: Readonly<Record<string, bigint>> = {
  getHours: units['h']!,
  getMinutes: units['m']!,
  getSeconds: SECOND,
  getMilliseconds: MILLI,
};

export const time: Library = [
  ...Object.entries(accessors).flatMap(([name, read]) => [
    declare(`(timestamp).${name}(): int`, (at: Timestamp): Value => BigInt(read(inZone(at, '')))),
    declare(`(timestamp).${name}(string): int`, (at: Timestamp, zone: string): Value => BigInt(read(inZone(at, zone)))),
  ]),
  declare('(timestamp).getMilliseconds(): int', (at: Timestamp) => split(at.nanos).rest / MILLI),
  declare('(timestamp).getMilliseconds(string): int', (at: Timestamp) => split(at.nanos).rest / MILLI),
  ...Object.entries(parts).map(([name, size]) =>
    declare(`(duration).${name}(): int`, ({ nanos }: Duration) =>
      name === 'getMilliseconds' ? (nanos % SECOND) / size : nanos / size,
    ),
  ),
];
