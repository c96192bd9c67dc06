import test from 'ava';
import { type authenticationv1, formatTime, type v1 } from '../../src/api/index.ts';
import { seededRandom, silentLogger } from '../../src/base/index.ts';
import type { Client } from '../../src/client/index.ts';
import { TokenCache } from '../../src/kubelet/token-cache.ts';
import { FakeClock } from '../support/fake-clock.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'p', namespace: 'ns', uid: 'u-1' },
  spec: { serviceAccountName: 'bot', containers: [] },
} as unknown as v1.Pod;

/** Hands out numbered tokens, and keeps what was asked. */
function rig() {
  const clock = new FakeClock();
  const asked: authenticationv1.TokenRequest[] = [];
  const state = { broken: false };
  const create = async (_type: unknown, request: authenticationv1.TokenRequest) => {
    if (state.broken) throw new Error('no server');
    asked.push(request);
    const expirationTimestamp = formatTime(clock.now() + (request.spec.expirationSeconds ?? 3600) * 1_000);
    return { ...request, status: { token: `t-${asked.length}`, expirationTimestamp } };
  };
  const client = { create } as unknown as Client;
  return {
    clock,
    asked,
    state,
    cache: new TokenCache({ client, clock, random: seededRandom(1), logger: silentLogger }),
  };
}

const projection = { path: 'token', expirationSeconds: 1_000 };

test('a token is bound to its pod, and asked for once while it is young', async (t) => {
  const { cache, asked, clock } = rig();
  t.is(await cache.token(pod, projection), 't-1');
  await clock.advance(700_000);
  t.is(await cache.token(pod, projection), 't-1');
  t.deepEqual(asked[0], {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { name: 'bot', namespace: 'ns' },
    spec: {
      audiences: [],
      expirationSeconds: 1_000,
      boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'u-1' },
    },
  });
});

test('it is renewed when four fifths of its life are over', async (t) => {
  const { cache, clock } = rig();
  await cache.token(pod, projection);
  await clock.advance(800_000);
  t.is(await cache.token(pod, projection), 't-2');
});

test('a long one is renewed after a day', async (t) => {
  const { cache, clock } = rig();
  const long = { path: 'token', expirationSeconds: 7 * 86_400 };
  await cache.token(pod, long);
  await clock.advance(23 * 3_600_000);
  t.is(await cache.token(pod, long), 't-1');
  await clock.advance(3_600_000);
  t.is(await cache.token(pod, long), 't-2');
});

test("while it can't be renewed the old one is used until it ends", async (t) => {
  const { cache, clock, state } = rig();
  await cache.token(pod, projection);
  state.broken = true;
  await clock.advance(900_000);
  t.is(await cache.token(pod, projection), 't-1');
  await clock.advance(100_000);
  await t.throwsAsync(cache.token(pod, projection), { message: 'no server' });
});

test('audiences have tokens of their own, and a pod that is gone leaves none', async (t) => {
  const { cache, asked } = rig();
  await cache.token(pod, projection);
  t.is(await cache.token(pod, { ...projection, audience: 'vault' }), 't-2');
  t.deepEqual(asked[1]?.spec.audiences, ['vault']);
  cache.forget('u-1');
  t.is(await cache.token(pod, projection), 't-3');
});
