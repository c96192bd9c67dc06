import test from 'ava';
import fc from 'fast-check';
import { type coordinationv1, errors, resources } from '../../src/api/index.ts';
import { type Random, seededRandom, silentLogger } from '../../src/base/index.ts';
import { type Client, type Fence, type LeaderElection, startLeaderElection } from '../../src/client/index.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';

type Lease = coordinationv1.Lease;

/** A candidate whose connection can break: before a call, or after it so that the answer is lost. */
class Link {
  state: 'up' | 'down' | 'deaf' | 'hanging' = 'up';
  readonly client: Client;
  readonly #breaks = new Set<() => void>();

  constructor(server: FakeClient) {
    const call = async <T>(signal: AbortSignal | undefined, run: () => Promise<T>): Promise<T> => {
      if (this.state === 'down') throw errors.serviceUnavailable('unreachable');
      if (this.state === 'hanging') {
        await new Promise((_, reject) => signal!.addEventListener('abort', () => reject(signal!.reason)));
      }
      const result = await run();
      if (this.state === 'deaf') throw errors.timeout('no answer');
      return result;
    };
    this.client = {
      get: (type, namespace, name, options) => call(options?.signal, () => server.get(type, namespace, name)),
      list: (type, namespace, options) => call(options?.signal, () => server.list(type, namespace, options)),
      create: (type, object, options) => call(options?.signal, () => server.create(type, object)),
      update: (type, object, options) => call(options?.signal, () => server.update(type, object)),
      patch: (type, namespace, name, patch) => server.patch(type, namespace, name, patch),
      delete: (type, namespace, name) => server.delete(type, namespace, name),
      fenced: () => this.client,
      watch: (type, namespace, options) => {
        if (this.state !== 'up') throw errors.serviceUnavailable('unreachable');
        const abort = new AbortController();
        this.#breaks.add(() => abort.abort());
        return server.watch(type, namespace, { ...options, signal: AbortSignal.any([options.signal, abort.signal]) });
      },
    };
  }

  set(state: Link['state']): void {
    this.state = state;
    if (state === 'up') return;
    for (const stop of this.#breaks) stop();
    this.#breaks.clear();
  }
}

interface Candidate {
  link: Link;
  election: LeaderElection;
  log: string[];
  fences: Fence[];
  /** Ends leading from inside. */
  fail(error?: Error): void;
}

function setUp() {
  const clock = new FakeClock();
  const server = new FakeClient(clock);
  const random = seededRandom(5);
  const join = (identity: string): Candidate => candidate(server, clock, random, identity);
  const lease = (): Lease['spec'] => server.all<Lease>(resources.leases)[0]?.spec;
  return { clock, server, join, lease };
}

function candidate(server: FakeClient, clock: FakeClock, random: Random, identity: string): Candidate {
  const link = new Link(server);
  const log: string[] = [];
  const fences: Fence[] = [];
  let fail: (error?: Error) => void = () => {};
  const election = startLeaderElection({
    client: link.client,
    clock,
    random,
    logger: silentLogger,
    namespace: 'kube-system',
    name: 'test',
    identity,
    onStartedLeading(fence, signal) {
      fences.push(fence);
      log.push('started');
      return new Promise((resolve, reject) => {
        signal.addEventListener('abort', () => resolve());
        fail = (error) => (error === undefined ? resolve() : reject(error));
      });
    },
    onStoppedLeading: () => log.push('stopped'),
    onNewLeader: (leader) => log.push(`leader ${leader}`),
  });
  return { link, election, log, fences, fail: (error) => fail(error) };
}

const stop = (...candidates: Candidate[]): Promise<unknown> =>
  Promise.all(candidates.map(({ election }) => election.stop()));

test('one of several leads, and all know which', async (t) => {
  const { clock, join, lease } = setUp();
  const [a, b] = [join('a'), join('b')];
  await clock.advance(10_000);
  const leader = a.election.leading ? a : b;
  const other = leader === a ? b : a;
  t.false(other.election.leading);
  t.is(a.election.leader, b.election.leader);
  t.deepEqual(leader.fences, [
    { namespace: 'kube-system', name: 'test', holderIdentity: lease()!.holderIdentity!, leaseTransitions: 0 },
  ]);
  t.like(lease(), { leaseDurationSeconds: 5, leaseTransitions: 0 });
  t.regex(lease()!.renewTime!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
  t.not(lease()!.renewTime, lease()!.acquireTime);
  await stop(a, b);
});

test('a leader that stops releases the Lease: the next takes over at once', async (t) => {
  const { clock, join, lease } = setUp();
  const a = join('a');
  await clock.advance(100);
  const b = join('b');
  await clock.advance(100);
  t.true(a.election.leading);
  await a.election.stop();
  t.deepEqual(a.log.slice(0, 3), ['leader a', 'started', 'stopped']);
  await clock.advance(10);
  t.true(b.election.leading);
  t.is(lease()!.leaseTransitions, 1);
  await stop(b);
  t.is(lease()!.holderIdentity, '');
  t.is(clock.pending, 0);
});

test('a leader that vanishes is replaced after the lease duration, whatever its clock said', async (t) => {
  const { clock, join } = setUp();
  const a = join('a');
  await clock.advance(100);
  const b = join('b');
  await clock.advance(100);
  a.link.set('down');
  clock.jump(-3_600_000);
  await clock.advance(4_000);
  t.false(a.election.leading, 'gave up at its renew deadline');
  t.false(b.election.leading);
  await clock.advance(1_500);
  t.true(b.election.leading);
  t.is(b.fences[0]!.leaseTransitions, 1);
  a.link.set('up');
  await clock.advance(10_000);
  t.false(a.election.leading);
  t.is(a.election.leader, 'b');
  await stop(a, b);
});

test('a short outage costs no leadership', async (t) => {
  const { clock, join } = setUp();
  const a = join('a');
  await clock.advance(100);
  for (const state of ['down', 'hanging', 'deaf'] as const) {
    a.link.set(state);
    await clock.advance(1_400);
    a.link.set('up');
    await clock.advance(5_000);
  }
  t.true(a.election.leading);
  t.deepEqual(a.log, ['leader a', 'started']);
  await stop(a);
});

test('a leader whose Lease another took stops at the next renewal', async (t) => {
  const { clock, server, join } = setUp();
  const a = join('a');
  await clock.advance(100);
  const held = await server.get<Lease>(resources.leases, 'kube-system', 'test');
  await server.update(resources.leases, { ...held, spec: { ...held.spec, holderIdentity: 'z', leaseTransitions: 9 } });
  await clock.advance(2_000);
  t.false(a.election.leading);
  await clock.advance(6_000);
  t.true(a.election.leading, 'z never renewed');
  t.is(a.fences[1]!.leaseTransitions, 10);
  await stop(a);
});

test('a deleted Lease is made anew', async (t) => {
  const { clock, server, join } = setUp();
  const a = join('a');
  await clock.advance(100);
  await server.delete(resources.leases, 'kube-system', 'test');
  await clock.advance(5_000);
  t.true(a.election.leading);
  t.deepEqual(a.log, ['leader a', 'started', 'leader ', 'stopped', 'leader a', 'started']);
  t.is(a.fences[1]!.leaseTransitions, 1);
  await stop(a);
});

test('whoever changes other parts of the Lease disturbs nobody', async (t) => {
  const { clock, server, join } = setUp();
  const a = join('a');
  await clock.advance(100);
  server.hold();
  await server.patch(resources.leases, 'kube-system', 'test', {
    type: 'merge',
    body: { metadata: { labels: { x: 'y' } } },
  });
  await clock.advance(6_000);
  t.deepEqual(a.log, ['leader a', 'started']);
  server.release();
  await clock.advance(6_000);
  t.deepEqual(a.log, ['leader a', 'started']);
  await stop(a);
});

test('leading that fails gives the Lease up, and is tried again', async (t) => {
  const { clock, join, lease } = setUp();
  const a = join('a');
  await clock.advance(100);
  a.fail(new Error('broken'));
  await settle();
  t.is(lease()!.holderIdentity, '');
  await clock.advance(3_000);
  t.true(a.election.leading);
  t.is(a.fences[1]!.leaseTransitions, 1);
  await stop(a);
});

test('a taken Lease of whose taking the answer was lost is not waited for', async (t) => {
  const { clock, join } = setUp();
  const a = join('a');
  // The list of its watch passes, then answers get lost.
  await settle(1);
  a.link.state = 'deaf';
  await clock.advance(100);
  a.link.set('up');
  await clock.advance(2_500);
  t.true(a.election.leading);
  await stop(a);
});

test('a lease that can not be released on stopping is no reason not to stop', async (t) => {
  const { clock, join } = setUp();
  const a = join('a');
  await clock.advance(100);
  a.link.set('down');
  await a.election.stop();
  t.false(a.election.leading);
});

test('whatever breaks, never do two lead at once, and in the end one does', async (t) => {
  const steps = fc.array(
    fc.record({
      who: fc.nat(2),
      state: fc.constantFrom('up', 'up', 'down', 'deaf', 'hanging'),
      ms: fc.nat(6_000),
    }),
    { maxLength: 25 },
  );
  type Steps = { who: number; state: string; ms: number }[];
  const run = async (list: Steps): Promise<void> => {
    const { clock, join } = setUp();
    const candidates = ['a', 'b', 'c'].map(join);
    const leaders = (): number => candidates.filter(({ election }) => election.leading).length;
    for (const { who, state, ms } of list) {
      candidates[who]!.link.set(state as Link['state']);
      for (let left = ms; left > 0; left -= 250) {
        await clock.advance(Math.min(left, 250));
        t.true(leaders() <= 1);
      }
    }
    for (const { link } of candidates) link.set('up');
    await clock.advance(60_000);
    t.is(leaders(), 1);
    const transitions = candidates.flatMap(({ fences }) => fences.map(({ leaseTransitions }) => leaseTransitions));
    t.is(new Set(transitions).size, transitions.length, 'no two terms share a fence');
    await stop(...candidates);
  };
  await fc.assert(fc.asyncProperty(steps, run), { numRuns: 25 });
});
