import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { silentLogger } from '../../src/base/index.ts';
import { AuditLog } from '../../src/peer/audit-log.ts';
import { readAuditPolicy } from '../../src/peer/audit-policy.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { temporaryDir } from './temporary.ts';

const config = (dir: string, more: object = {}) => ({
  policyFile: '',
  logFile: join(dir, 'audit.log'),
  maxSizeMegabytes: 1,
  maxBackups: 2,
  maxAgeDays: 0,
  ...more,
});

test('events are lines of JSON that only the owner may read, and are added to what is there', (t) => {
  const dir = temporaryDir(t);
  for (const n of [1, 2]) {
    const log = new AuditLog(config(dir), new FakeClock(), silentLogger);
    log.write({ n });
    log.close();
  }
  const path = join(dir, 'audit.log');
  t.deepEqual(
    readFileSync(path, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
    [{ n: 1 }, { n: 2 }],
  );
  t.is(statSync(path).mode & 0o777, 0o600);
});

test('a full file is put aside, and of those the newest are kept', async (t) => {
  const dir = temporaryDir(t);
  const clock = new FakeClock();
  const log = new AuditLog(config(dir), clock, silentLogger);
  const half = 'x'.repeat(600_000);
  for (let n = 0; n < 5; n++) {
    log.write({ n, half });
    log.flush();
    await clock.advance(1_000);
  }
  log.close();
  const names = readdirSync(dir).sort();
  t.is(names.length, 3);
  t.regex(names[0]!, /^audit-\d{4}-\d\d-\d\dT[\d-]+\.\d{3}Z\.log$/);
  const first = (name: string): number => JSON.parse(readFileSync(join(dir, name), 'utf8').split('\n')[0]!).n;
  t.deepEqual(names.map(first), [2, 3, 4]);
});

test('a policy that makes no sense is refused with the file and the field', async (t) => {
  const path = join(temporaryDir(t), 'policy.yaml');
  const head = 'apiVersion: audit.k8s.io/v1\nkind: Policy\n';
  const cases: [string, RegExp][] = [
    ['kind: Policy', /policy.yaml as audit policy: field "apiVersion" is missing/],
    [
      `${head}rules: [{ level: Loud }]`,
      /field "rules\[0\].level" must be one of None, Metadata, Request, RequestResponse/,
    ],
    [`${head}rules: [{ level: None, user: [a] }]`, /unknown field "rules\[0\].user" \(did you mean "users"\?\)/],
    [
      `${head}rules: [{ level: None, nonResourceURLs: [/a], namespaces: [b] }]`,
      /rules\[0\] is for paths and for resources/,
    ],
    ['{', /policy.yaml as audit policy: /],
  ];
  for (const [text, message] of cases) {
    writeFileSync(path, text);
    await t.throwsAsync(readAuditPolicy(path), { code: 'CONFIG_INVALID', message });
  }
  writeFileSync(path, `${head}omitStages: [RequestReceived]\nrules: [{ level: Metadata }]`);
  t.like(await readAuditPolicy(path), { omitStages: ['RequestReceived'], rules: [{ level: 'Metadata' }] });
});
