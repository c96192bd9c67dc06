import { quote } from '../text.ts';

interface Field {
  min: number;
  max: number;
  names?: readonly string[];
}

const fields: readonly Field[] = [
  { min: 0, max: 59 },
  { min: 0, max: 23 },
  { min: 1, max: 31 },
  { min: 1, max: 12, names: ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] },
  { min: 0, max: 6, names: ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'] },
];

const descriptors: ReadonlySet<string> = new Set([
  '@yearly',
  '@annually',
  '@monthly',
  '@weekly',
  '@daily',
  '@midnight',
  '@hourly',
]);

const every = '@every ';
const zonePrefix = /^(?:CRON_)?TZ=(\S*)\s+/;
const duration = /^[-+]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/;

/** What is wrong with a CronJob's schedule, in the words of the parser that Kubernetes uses; undefined if nothing is. */
export function scheduleProblem(schedule: string): string | undefined {
  if (schedule === '') return 'empty spec string';
  const zone = zonePrefix.exec(schedule);
  if (zone !== null && !isTimeZone(zone[1]!)) return `provided bad location ${zone[1]}: unknown time zone ${zone[1]}`;
  const text = zone === null ? schedule : schedule.slice(zone[0].length).trim();
  if (text.startsWith('@')) return descriptorProblem(text);
  const given = text.split(/\s+/).filter((part) => part !== '');
  if (given.length !== fields.length) {
    return `expected exactly ${fields.length} fields, found ${given.length}: [${given.join(' ')}]`;
  }
  for (const [index, part] of given.entries()) {
    for (const range of part.split(',')) {
      const problem = range === '' ? undefined : rangeProblem(range, fields[index]!);
      if (problem !== undefined) return problem;
    }
  }
  return undefined;
}

/** Whether there is a time zone of that name. */
export function isTimeZone(name: string): boolean {
  // The database of names knows no offsets, which JavaScript would take.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

function descriptorProblem(text: string): string | undefined {
  if (descriptors.has(text)) return undefined;
  if (!text.startsWith(every)) return `unrecognized descriptor: ${text}`;
  const length = text.slice(every.length);
  if (duration.test(length)) return undefined;
  return `failed to parse duration ${text}: time: invalid duration ${quote(length)}`;
}

/** One of `*`, `n`, `n-m`, each with or without a `/step`. */
function rangeProblem(range: string, { min, max, names }: Field): string | undefined {
  const [span, stepText, ...moreSteps] = range.split('/') as [string, ...string[]];
  const [low, high, ...more] = span.split('-') as [string, ...string[]];
  let start = min;
  let end = max;
  if (low !== '*' && low !== '?') {
    const first = numberOf(low, names);
    if (typeof first === 'string') return first;
    start = first;
    if (more.length > 0) return `too many hyphens: ${range}`;
    const last = high === undefined ? start : numberOf(high, names);
    if (typeof last === 'string') return last;
    end = last;
  }
  if (moreSteps.length > 0) return `too many slashes: ${range}`;
  const step = stepText === undefined ? 1 : numberOf(stepText);
  if (typeof step === 'string') return step;
  if (stepText !== undefined && high === undefined) end = max;
  if (start < min) return `beginning of range (${start}) below minimum (${min}): ${range}`;
  if (end > max) return `end of range (${end}) above maximum (${max}): ${range}`;
  if (start > end) return `beginning of range (${start}) beyond end of range (${end}): ${range}`;
  return step === 0 ? `step of range should be a positive number: ${range}` : undefined;
}

function numberOf(text: string, names: readonly string[] = []): number | string {
  const named = names.indexOf(text.toLowerCase());
  // Months are counted from one, days of the week from zero.
  if (named >= 0) return names.length === 12 ? named + 1 : named;
  if (!/^[-+]?\d+$/.test(text))
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${quote(text)}: invalid syntax`;
  const value = Number(text);
  if (!Number.isSafeInteger(value))
    return `failed to parse int from ${text}: strconv.Atoi: parsing ${quote(text)}: value out of range`;
  return value < 0 ? `negative number (${value}) not allowed: ${text}` : value;
}
