import test from 'ava';
import fc from 'fast-check';
import {
  ageSince,
  formatMicroTime,
  formatTime,
  humanDuration,
  parseTime,
  shortHumanDuration,
} from '../../src/api/index.ts';

test('times are read with any fraction and offset', (t) => {
  t.is(parseTime('1970-01-01T00:00:01Z'), 1000);
  t.is(parseTime('1970-01-01T00:00:01.5Z'), 1500);
  t.is(parseTime('1970-01-01T02:00:00.123456789+02:00'), 123);
  t.is(parseTime('1969-12-31T19:00:00-05:00'), 0);
  t.is(parseTime('2016-12-31T23:59:60Z'), Date.parse('2017-01-01T00:00:00Z'));
});

test('what is not a time is refused', (t) => {
  for (const text of ['', 'now', '2025-02-30T00:00:00Z', '2025-13-01T00:00:00Z', '2025-01-01', '2025-01-01T00:00:00']) {
    t.is(parseTime(text), undefined, text);
  }
});

test('times are written so that they read back', (t) => {
  fc.assert(
    fc.property(fc.date({ min: new Date(0), max: new Date('2200-01-01T00:00:00Z'), noInvalidDate: true }), (date) => {
      const ms = date.getTime();
      t.is(parseTime(formatTime(ms)), Math.floor(ms / 1000) * 1000);
      t.is(parseTime(formatMicroTime(ms, 7)), ms);
    }),
  );
  t.is(formatTime(1500), '1970-01-01T00:00:01Z');
  t.is(formatMicroTime(1500, 42), '1970-01-01T00:00:01.500042Z');
});

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

test('ages read as kubectl prints them', (t) => {
  const cases: [ms: number, text: string][] = [
    [-5 * second, '<invalid>'],
    [-1 * second, '0s'],
    [0, '0s'],
    [119 * second, '119s'],
    [120 * second, '2m'],
    [5 * minute + 3 * second, '5m3s'],
    [10 * minute + 3 * second, '10m'],
    [179 * minute, '179m'],
    [180 * minute, '3h'],
    [3 * hour + 12 * minute, '3h12m'],
    [9 * hour + 12 * minute, '9h'],
    [47 * hour, '47h'],
    [2 * day + 3 * hour, '2d3h'],
    [8 * day + 3 * hour, '8d'],
    [729 * day, '729d'],
    [730 * day, '2y'],
    [775 * day, '2y45d'],
    [365 * 9 * day, '9y'],
  ];
  for (const [ms, text] of cases) t.is(humanDuration(ms), text);
  t.deepEqual([-2500, -500, 30 * second, 90 * second, 25 * hour, 400 * day, 3 * hour].map(shortHumanDuration), [
    '<invalid>',
    '0s',
    '30s',
    '1m',
    '1d',
    '1y',
    '3h',
  ]);
});

test('the age of what has no time is unknown', (t) => {
  t.is(ageSince(null, 0), '<unknown>');
  t.is(ageSince(undefined, 0), '<unknown>');
  t.is(ageSince('soon', 0), '<unknown>');
  t.is(ageSince('1970-01-01T00:00:00Z', 5 * minute), '5m');
});
