import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import { ContainerLog, type LogLimits } from '../../src/runtime/container-log.ts';
import { readLog } from '../../src/runtime/read-log.ts';
import type { LogOptions } from '../../src/runtime/types.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { readAll, temporaryDirectory } from './helpers.ts';

class Fixture {
  readonly directory: string;
  readonly clock = new FakeClock(Date.UTC(2026, 0, 1));
  log: ContainerLog;
  readonly #limits: LogLimits;

  constructor(directory: string, limits: LogLimits = {}) {
    this.directory = directory;
    this.#limits = limits;
    this.log = new ContainerLog(directory, this.clock, limits);
  }

  /** Output as of the workload, noticed a minute after the last. */
  async write(text: string): Promise<void> {
    this.writeUnnoticed(text);
    await this.clock.advance(60_000);
    this.log.changed();
  }

  writeUnnoticed(text: string): void {
    appendFileSync(join(this.directory, 'output.log'), text);
  }

  reopen(): void {
    this.log.close();
    this.log = new ContainerLog(this.directory, this.clock, this.#limits);
  }

  read(options?: LogOptions): Promise<string> {
    return readAll(readLog(this.log, options));
  }
}

async function fixture(t: ExecutionContext, limits?: LogLimits): Promise<Fixture> {
  return new Fixture(await temporaryDirectory(t), limits);
}

test('lines have the time at which they began', async (t) => {
  const f = await fixture(t);
  await f.write('one\ntwo\n');
  await f.write('thr');
  await f.write('ee\nfour\n');
  const expected =
    '2026-01-01T00:01:00.000Z one\n2026-01-01T00:01:00.000Z two\n2026-01-01T00:02:00.000Z three\n2026-01-01T00:03:00.000Z four\n';
  t.is(await f.read({ timestamps: true }), expected);
  f.reopen();
  t.is(await f.read({ timestamps: true }), expected);
});

test('what is written while no peer lives has the time of the last write', async (t) => {
  const f = await fixture(t);
  await f.write('one\n');
  f.log.close();
  f.writeUnnoticed('two\n');
  const written = Date.UTC(2026, 0, 1, 0, 30) / 1000;
  utimesSync(join(f.directory, 'output.log'), written, written);
  f.reopen();
  t.is(await f.read({ timestamps: true }), '2026-01-01T00:01:00.000Z one\n2026-01-01T00:30:00.000Z two\n');
});

test('looks at the file at most once in 50 ms', async (t) => {
  const f = await fixture(t);
  await f.write('a\n');
  f.writeUnnoticed('b\n');
  f.log.changed();
  f.log.changed();
  t.is(f.log.end, 2);
  await f.clock.advance(50);
  t.is(f.log.end, 4);
  t.is(f.clock.pending, 0);
});

test('a clock that is set back keeps times in order', async (t) => {
  const f = await fixture(t);
  await f.write('one\n');
  f.clock.jump(-3_600_000);
  await f.write('two\n');
  t.is(await f.read({ timestamps: true }), '2026-01-01T00:01:00.000Z one\n2026-01-01T00:01:00.000Z two\n');
});

test('tail, since and limit agree with a plain model', async (t) => {
  const line = fc.string({ maxLength: 12 }).map((text) => text.replaceAll('\n', ' '));
  const writes = fc.array(fc.array(line, { minLength: 1, maxLength: 5 }), { maxLength: 12 });
  const options = fc.record(
    {
      tailLines: fc.nat(30),
      sinceMinute: fc.nat(14),
      limitBytes: fc.nat(200),
      timestamps: fc.boolean(),
      rotateAt: fc.integer({ min: 8, max: 60 }),
      unfinished: fc.boolean(),
    },
    { requiredKeys: [] },
  );
  const parent = await temporaryDirectory(t);
  let runs = 0;
  const property = fc.asyncProperty(writes, options, async (batches, o) => {
    const directory = join(parent, String(runs++));
    mkdirSync(directory);
    const f = new Fixture(directory, { fileBytesMax: o.rotateAt, filesMax: 1000 });
    const lines: { minute: number; text: string }[] = [];
    for (const [index, batch] of batches.entries()) {
      const last = index === batches.length - 1 && o.unfinished ? '' : '\n';
      await f.write(`${batch.join('\n')}${last}`);
      lines.push(
        ...batch.map((text, at) => ({ minute: index + 1, text: text + (at === batch.length - 1 ? last : '\n') })),
      );
    }
    // An unfinished last line without a character is none.
    if (lines.at(-1)?.text === '') lines.pop();
    let expected = o.tailLines === undefined ? lines : lines.slice(Math.max(0, lines.length - o.tailLines));
    if (o.sinceMinute !== undefined) expected = expected.filter(({ minute }) => minute >= o.sinceMinute!);
    const time = (minute: number): string => new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString();
    const text = expected.map((l) => (o.timestamps ? `${time(l.minute)} ${l.text}` : l.text)).join('');
    const sinceTimeMs = o.sinceMinute === undefined ? undefined : Date.UTC(2026, 0, 1, 0, o.sinceMinute);
    const bytes = await readAllBytes(readLog(f.log, { ...o, sinceTimeMs }));
    t.deepEqual(bytes, Buffer.from(text).subarray(0, o.limitBytes));
  });
  await fc.assert(property, { numRuns: 150 });
});

async function readAllBytes(logs: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of logs) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('rotation keeps the newest files and their times, also when opened anew', async (t) => {
  const f = await fixture(t, { fileBytesMax: 100, filesMax: 3 });
  for (let i = 0; i < 60; i++) await f.write(`line ${String(i).padStart(4, '0')}\n`);
  const files = readdirSync(f.directory).filter((name) => name.startsWith('output.log'));
  t.is(files.length, 3);
  for (const file of files) t.true(statSync(join(f.directory, file)).size <= 110);
  const all = await f.read({ timestamps: true });
  const lines = all.trimEnd().split('\n');
  t.regex(lines[0]!, /T00:\d\d:00\.000Z line 00[34]\d$/);
  t.is(lines.at(-1), '2026-01-01T01:00:00.000Z line 0059');
  t.true(lines.length >= 20 && lines.length <= 30, `${lines.length}`);
  f.reopen();
  t.is(await f.read({ timestamps: true }), all);
  // Index records of deleted files are gone with them.
  t.true(statSync(join(f.directory, 'output.idx')).size <= 16 * 31);
});

test('a reader that follows sees each line once across rotations', async (t) => {
  const f = await fixture(t, { fileBytesMax: 50, filesMax: 4 });
  const reading = f.read({ follow: true });
  let expected = '';
  for (let i = 0; i < 40; i++) {
    const text = `line ${i}\n`;
    expected += text;
    await f.write(text);
  }
  f.writeUnnoticed('the last');
  f.log.finish();
  t.is(await reading, `${expected}the last`);
});

test('a reader that is too slow for the rotation goes on with the oldest line kept', async (t) => {
  const f = await fixture(t, { fileBytesMax: 20, filesMax: 2 });
  await f.write('first\n');
  const iterator = readLog(f.log, { follow: true });
  const first = await iterator.next();
  t.is(Buffer.from(first.value!).toString(), 'first\n');
  for (let i = 0; i < 20; i++) await f.write(`line ${i}\n`);
  const second = await iterator.next();
  t.regex(Buffer.from(second.value!).toString(), /^line 1\d\n/);
  await iterator.return(undefined);
});

test('reading a container that is removed meanwhile ends', async (t) => {
  const f = await fixture(t);
  await f.write('one\n');
  const reading = f.read({ follow: true });
  await f.clock.advance(0);
  f.log.close();
  t.is(await reading, 'one\n');
});

test('a log long enough for many chunks', async (t) => {
  const f = await fixture(t);
  const line = `${'x'.repeat(99)}\n`;
  await f.write(`first\n${line.repeat(5000)}`);
  t.is((await f.read()).length, 500_006);
  t.is(await f.read({ tailLines: 3000 }), line.repeat(3000));
  t.is(await f.read({ tailLines: 5001 }), `first\n${line.repeat(5000)}`);
});

test('a torn index record is dropped', async (t) => {
  const f = await fixture(t);
  await f.write('one\n');
  f.log.close();
  const path = join(f.directory, 'output.idx');
  appendFileSync(path, 'torn');
  f.reopen();
  await f.write('two\n');
  t.is(readFileSync(path).length, 32);
  t.is(await f.read({ timestamps: true }), '2026-01-01T00:01:00.000Z one\n2026-01-01T00:02:00.000Z two\n');
});

test('nothing written yet', async (t) => {
  const f = await fixture(t);
  t.is(await f.read(), '');
  t.is(await f.read({ tailLines: 5, timestamps: true }), '');
  t.false(existsSync(join(f.directory, 'output.idx')));
  writeFileSync(join(f.directory, 'output.log'), '');
  truncateSync(join(f.directory, 'output.log'), 0);
  f.log.finish();
  t.is(await f.read({ follow: true }), '');
});
