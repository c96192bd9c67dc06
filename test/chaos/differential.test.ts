import test from 'ava';
import { compareExchanges, judgeErrors, judgeExpiry } from '../../chaos/differential/compare.ts';
import { letExpire, TTL_SECONDS } from '../../chaos/differential/expiry.ts';
import { type Exchange, interview, prepareStore } from '../../chaos/differential/interview.ts';
import { compare } from '../../chaos/scenarios/differential.ts';
import { CompactedError, createMemoryStore, type Store } from '../../src/store/index.ts';
import { etcdTest } from '../support/etcd-cluster.ts';

const SEED = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
/** So many interviews ask everything there is to ask. */
const INTERVIEWS = 20;

/** The answers of a store that does some things differently. */
async function answersOf(change: (store: Store) => Partial<Store> = () => ({}), writesBefore = 0): Promise<Exchange[]> {
  const store = createMemoryStore();
  await prepareStore(store);
  for (let i = 0; i < writesBefore; i++) await store.put('other', Buffer.from(''));
  const different = new Proxy(store, {
    get(target, name) {
      const value = Reflect.get({ ...change(store) }, name) ?? Reflect.get(target, name);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  const exchanges: Exchange[] = [];
  for (let i = 0; i < INTERVIEWS; i++) exchanges.push(...(await interview(different, SEED + i)));
  await store.close();
  return exchanges;
}

test('stores that behave the same are told nothing of, wherever their revisions begin', async (t) => {
  t.log(`SEED=${SEED}`);
  const answers = await answersOf();
  t.deepEqual(compareExchanges(answers, await answersOf(undefined, 7)), []);
  for (const expected of ['LEASE_NOT_FOUND', 'LEASE_EXISTS', 'COMPACTED', 'FUTURE_REVISION', 'INVALID'])
    t.true(
      answers.some(({ answer }) => answer === `error ${expected}`),
      expected,
    );
});

const differences: Record<string, (store: Store) => Partial<Store>> = {
  'counts one too many': (store) => ({
    range: async (request) => {
      const result = await store.range(request);
      return { ...result, count: result.count + 1 };
    },
  }),
  'tells nothing of what was before': (store) => ({
    watch: (request) => store.watch({ ...request, previous: false }),
  }),
  'renews leases that there are not': (store) => ({
    leaseKeepAlive: (id) => store.leaseKeepAlive(id).catch(() => ({ ttl: 600 })),
  }),
  'has another error for history that is gone': (store) => ({
    range: (request) =>
      store.range(request).catch((error) => {
        throw error instanceof CompactedError ? new Error('gone') : error;
      }),
  }),
  'says of a deletion that it happened earlier': (store) => ({
    async delete(key, end) {
      const { deleted, revision } = await store.delete(key, end);
      return { deleted, revision: revision - deleted };
    },
  }),
};
for (const [name, change] of Object.entries(differences)) {
  test(`a store that ${name} is found out`, async (t) => {
    t.true(compareExchanges(await answersOf(change), await answersOf()).length > 0, `SEED=${SEED}`);
  });
}

test('a lease expires in time', async (t) => {
  const store = createMemoryStore();
  t.deepEqual(judgeExpiry(await letExpire(store, 'leased')), []);
  await store.close();
  const granted = TTL_SECONDS * 1_000;
  t.regex(judgeExpiry({ lastedMs: granted - 1, grantedTtl: TTL_SECONDS })[0] ?? '', /too short/);
  t.regex(judgeExpiry({ lastedMs: granted, grantedTtl: TTL_SECONDS - 1 })[0] ?? '', /too short/);
  t.regex(judgeExpiry({ lastedMs: granted + 60_000, grantedTtl: TTL_SECONDS })[0] ?? '', /too long/);
});

test('errors that nothing explains are told', (t) => {
  t.deepEqual(judgeErrors(new Map([['TIMEOUT', 3]])), []);
  t.regex(judgeErrors(new Map([['INVALID', 3]]))[0] ?? '', /clients were told INVALID 3 times/);
});

/** The short form of `npm run chaos -- differential`. */
etcdTest('under the same faults Keelson holds all promises, and answers as etcd does', async (t) => {
  t.timeout(180_000);
  const { violations, figures, remarks, timelines } = await compare({
    ...{ seed: SEED, rounds: undefined, minutes: undefined, network: undefined, workloads: undefined },
    ...{ script: ['leader-kill', 'pause'], faultMs: [800, 1_600] },
    tell: (text) => t.log(text),
  });
  for (const remark of remarks ?? []) t.log(remark);
  t.deepEqual(violations, [], `SEED=${SEED}`);
  t.is(figures['faults'], 2);
  t.true(figures['questions']! > 0);
  for (const { faults, tallies } of timelines ?? []) {
    t.is(faults.length, 2);
    t.true(tallies.some(({ ok }) => ok > 0));
  }
  t.deepEqual(...(timelines!.map(({ faults }) => faults.map(({ name }) => name)) as [string[], string[]]));
});
