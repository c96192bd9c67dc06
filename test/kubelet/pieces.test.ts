import test from 'ava';
import fc from 'fast-check';
import type { v1 } from '../../src/api/index.ts';
import { FailureBackOff, formatSeconds } from '../../src/kubelet/back-off.ts';
import { containerConfig } from '../../src/kubelet/container-config.ts';
import { parseLogQuery } from '../../src/kubelet/log-options.ts';
import { PodAddresses } from '../../src/kubelet/pod-addresses.ts';
import { shouldRestart } from '../../src/kubelet/restart-policy.ts';
import { FakeClock } from '../support/fake-clock.ts';

test('addresses: each to one pod, all of the block, the longest unused first', (t) => {
  const addresses = new PodAddresses('127.5.6.77/29');
  const given = ['a', 'b', 'c', 'd', 'e'].map((uid) => addresses.allocate(uid));
  t.deepEqual(given, ['127.5.6.74', '127.5.6.75', '127.5.6.76', '127.5.6.77', '127.5.6.78']);
  t.is(addresses.allocate('c'), '127.5.6.76');
  t.throws(() => addresses.allocate('f'), { code: 'ADDRESSES_EXHAUSTED' });
  addresses.release('d');
  addresses.release('b');
  t.is(addresses.allocate('f'), '127.5.6.75');
  t.is(addresses.allocate('g'), '127.5.6.77');
  t.throws(() => new PodAddresses('10.0.0.0/31'), { code: 'CIDR_TOO_SMALL' });
});

test('addresses: no two pods ever share one', (t) => {
  const step = fc.record({ uid: fc.nat(8).map(String), free: fc.boolean() });
  const property = fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
    const addresses = new PodAddresses('10.1.0.0/28');
    const held = new Map<string, string>();
    addresses.adopt('10.1.0.9', 'adopted');
    held.set('adopted', '10.1.0.9');
    for (const { uid, free } of steps) {
      if (free) {
        addresses.release(uid);
        held.delete(uid);
      } else held.set(uid, addresses.allocate(uid));
      t.is(new Set(held.values()).size, held.size);
    }
  });
  fc.assert(property);
});

test('back-off doubles, is capped, and is forgotten after twice its cap without a failure', async (t) => {
  const clock = new FakeClock();
  const backOff = new FailureBackOff(clock, 10, 80);
  t.is(backOff.remaining('a', clock.now()), 0);
  const delays: number[] = [];
  for (let i = 0; i < 6; i++) {
    backOff.next('a', clock.now());
    delays.push(backOff.delay('a'));
    t.is(backOff.remaining('a', clock.now()), delays[i]!);
    t.is(backOff.remainingSinceUpdate('a'), delays[i]!);
    await clock.advance(delays[i]!);
    t.is(backOff.remaining('a', clock.now() - delays[i]!), 0);
  }
  t.deepEqual(delays, [10, 20, 40, 80, 80, 80]);
  await clock.advance(161);
  t.is(backOff.remaining('a', clock.now()), 0);
  backOff.next('a', clock.now());
  t.is(backOff.delay('a'), 10);
  backOff.forget('a');
  t.is(backOff.delay('a'), 0);
  t.is(backOff.remainingSinceUpdate('a'), 0);
});

test('durations as Go prints them', (t) => {
  t.deepEqual([10_000, 59_999, 80_000, 160_000, 300_000].map(formatSeconds), ['10s', '1m0s', '1m20s', '2m40s', '5m0s']);
});

test('restart policies, and rules before them', (t) => {
  const spec = (restartPolicy?: string): v1.PodSpec => ({
    containers: [],
    restartPolicy: restartPolicy as v1.RestartPolicy,
  });
  const plain: v1.Container = { name: 'a' };
  for (const [policy, onSuccess, onFailure] of [
    [undefined, true, true],
    ['Always', true, true],
    ['OnFailure', false, true],
    ['Never', false, false],
  ] as const) {
    t.is(shouldRestart(plain, spec(policy), 0), onSuccess);
    t.is(shouldRestart(plain, spec(policy), 1), onFailure);
  }
  t.true(shouldRestart({ ...plain, restartPolicy: 'Always' }, spec('Never'), 0));
  const exitCodes = (operator: string, values: number[]): v1.Container => ({
    ...plain,
    restartPolicy: 'Never',
    restartPolicyRules: [{ action: 'Restart', exitCodes: { operator, values } }],
  });
  t.true(shouldRestart(exitCodes('In', [42]), spec('Never'), 42));
  t.false(shouldRestart(exitCodes('In', [42]), spec('Never'), 1));
  t.true(shouldRestart(exitCodes('NotIn', [42]), spec('Never'), 1));
  t.false(shouldRestart(exitCodes('NotIn', [42]), spec('Never'), 42));
});

function configOf(container: Partial<v1.Container>, pod: Partial<v1.PodSpec> = {}, qosClass?: v1.PodQOSClass) {
  return containerConfig({
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: {}, spec: { containers: [], ...pod }, status: { qosClass } },
    container: { name: 'main', image: 'host', ...container },
    attempt: 3,
    env: [{ name: 'A', value: '1' }],
    mounts: [],
    memoryCapacityBytes: 1000 * 2 ** 20,
    pidsLimit: 100,
  });
}

test('what the runtime is told of a container', (t) => {
  const config = configOf({ command: ['run', '$(A)'], args: ['$$(A)', '$(B)'], workingDir: '/tmp' });
  t.like(config, { name: 'main', attempt: 3, image: 'host', workingDir: '/tmp', user: {} });
  t.deepEqual(config.command, ['run', '1', '$(A)', '$(B)']);
  t.deepEqual(config.resources, { cpuRequestMillicores: 0, pidsLimit: 100, oomScoreAdj: 1000 });
});

test('resources and their quality of service', (t) => {
  const resources = { limits: { cpu: '1500m', memory: '64Mi' }, requests: { memory: '100Mi' } };
  t.deepEqual(configOf({ resources }, {}, 'Burstable').resources, {
    memoryLimitBytes: 64 * 2 ** 20,
    cpuLimitMillicores: 1500,
    cpuRequestMillicores: 1500,
    pidsLimit: 100,
    oomScoreAdj: 900,
  });
  t.is(configOf({}, {}, 'Burstable').resources?.oomScoreAdj, 999);
  t.is(configOf({}, {}, 'Guaranteed').resources?.oomScoreAdj, 0);
});

test('users: the container before the pod', (t) => {
  const securityContext = { runAsUser: 1, runAsGroup: 2, supplementalGroups: [3], fsGroup: 4 };
  t.deepEqual(configOf({}, { securityContext }).user, { uid: 1, gid: 2, supplementalGroups: [3, 4] });
  const own = { runAsUser: 5, runAsGroup: 6, privileged: true };
  t.like(configOf({ securityContext: own }, { securityContext }).user, { uid: 5, gid: 6, privileged: true });
  t.throws(() => configOf({ securityContext: { runAsUser: 0, runAsNonRoot: true } }), {
    code: 'CONFIGURATION',
    message: "container's runAsUser breaks non-root policy",
  });
  t.notThrows(() => configOf({ securityContext: { runAsNonRoot: true } }));
});

test('queries for logs', (t) => {
  const parse = (query: string) => parseLogQuery(new URLSearchParams(query), 100_000);
  t.deepEqual(parse(''), { options: { follow: false, timestamps: false }, previous: false });
  t.deepEqual(parse('follow=true&timestamps=1&previous=t&tailLines=0&limitBytes=5&sinceSeconds=10'), {
    options: { follow: true, timestamps: true, tailLines: 0, limitBytes: 5, sinceTimeMs: 90_000 },
    previous: true,
  });
  t.like(parse('sinceTime=2026-01-01T00:00:00Z'), { options: { sinceTimeMs: Date.UTC(2026, 0, 1) } });
  for (const bad of ['tailLines=-1', 'tailLines=x', 'limitBytes=0', 'sinceSeconds=0', 'sinceTime=x']) {
    t.regex((parse(bad) as { error: string }).error, /^invalid /, bad);
  }
  t.regex((parse('sinceTime=2026-01-01T00:00:00Z&sinceSeconds=1') as { error: string }).error, /at most one/);
});
