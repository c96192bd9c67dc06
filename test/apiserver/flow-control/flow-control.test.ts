import test from 'ava';
import fc from 'fast-check';
import { ApiError, type flowcontrolv1 } from '../../../src/api/index.ts';
import type { FlowRequest } from '../../../src/apiserver/flow-control/classify.ts';
import { type Admitted, FlowControl } from '../../../src/apiserver/flow-control/flow-control.ts';
import { hasRoom, type SeatUser, seatLimits } from '../../../src/apiserver/flow-control/seats.ts';
import { FakeClock } from '../../support/fake-clock.ts';

const { signal } = new AbortController();
const never = (): AbortSignal => signal;
const one = () => ({ seats: 1 });

function requestOf(user: string, groups: string[] = [], info: Partial<FlowRequest['info']> = {}): FlowRequest {
  return {
    user: { name: user, groups: [...groups, 'system:authenticated'] },
    info: {
      isResource: true,
      verb: 'get',
      path: '/',
      group: '',
      resource: 'pods',
      subresource: '',
      namespace: 'default',
      ...info,
    },
  };
}

function start(
  options: {
    totalSeats?: number;
    schemas?: flowcontrolv1.FlowSchema[];
    levels?: flowcontrolv1.PriorityLevelConfiguration[];
  } = {},
) {
  const clock = new FakeClock();
  const state = { schemas: options.schemas ?? [], levels: options.levels ?? [] };
  let changed = (): void => {};
  const control = new FlowControl({
    clock,
    totalSeats: options.totalSeats ?? 245,
    source: {
      flowSchemas: () => state.schemas,
      priorityLevels: () => state.levels,
      onChange(listener) {
        changed = listener;
      },
    },
  });
  return { clock, control, state, changed: () => changed() };
}

/** The level in which a request was counted. */
function classified(control: FlowControl, request: FlowRequest): string | undefined {
  const before = control.metrics();
  void control.admit(request, one, never);
  const after = control.metrics();
  const line = after.split('\n').find((each) => each.includes('dispatched_requests_total{') && !before.includes(each));
  return /flow_schema="([^"]+)",priority_level="([^"]+)"/
    .exec(line ?? '')
    ?.slice(1)
    .join(' in ');
}

test('requests are classified as in a new cluster of Kubernetes', (t) => {
  const { control } = start();
  const lease = { group: 'coordination.k8s.io', resource: 'leases', verb: 'update' };
  const cases: [FlowRequest, string][] = [
    [requestOf('admin', ['system:masters']), 'exempt in exempt'],
    [requestOf('anyone', [], { isResource: false, path: '/healthz' }), 'probes in exempt'],
    [requestOf('anyone', [], { isResource: false, path: '/version' }), 'global-default in global-default'],
    [requestOf('system:kube-scheduler', [], lease), 'system-leader-election in leader-election'],
    [requestOf('system:kube-scheduler'), 'kube-scheduler in workload-high'],
    [
      requestOf('system:kube-controller-manager', [], { resource: 'endpoints' }),
      'endpoint-controller in workload-high',
    ],
    [requestOf('system:node:a', ['system:nodes']), 'system-nodes in system'],
    [
      requestOf('system:node:a', ['system:nodes'], { resource: 'nodes', subresource: 'status', namespace: undefined }),
      'system-node-high in node-high',
    ],
    [requestOf('system:node:a', ['system:nodes'], lease), 'system-node-high in node-high'],
    [
      requestOf('system:serviceaccount:kube-system:x', ['system:serviceaccounts'], { resource: 'secrets' }),
      'kube-system-service-accounts in workload-high',
    ],
    [requestOf('system:serviceaccount:app:x', ['system:serviceaccounts']), 'service-accounts in workload-low'],
    [requestOf('jane'), 'global-default in global-default'],
  ];
  for (const [request, expected] of cases) t.is(classified(control, request), expected);
});

const queued = (shares: number, more: Partial<flowcontrolv1.LimitedPriorityLevelConfiguration> = {}) => ({
  type: 'Limited',
  limited: {
    nominalConcurrencyShares: shares,
    limitResponse: { type: 'Queue', queuing: { queues: 64, handSize: 4, queueLengthLimit: 10 } },
    ...more,
  },
});

function level(name: string, spec: flowcontrolv1.PriorityLevelConfigurationSpec) {
  return {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1' as const,
    kind: 'PriorityLevelConfiguration' as const,
    metadata: { name, uid: `uid-of-${name}` },
    spec,
  };
}

function schema(name: string, of: string, user: string, precedence = 500) {
  return {
    apiVersion: 'flowcontrol.apiserver.k8s.io/v1' as const,
    kind: 'FlowSchema' as const,
    metadata: { name, uid: `uid-of-${name}` },
    spec: {
      priorityLevelConfiguration: { name: of },
      matchingPrecedence: precedence,
      distinguisherMethod: { type: 'ByUser' },
      rules: [
        {
          subjects: [{ kind: 'User', user: { name: user } }],
          resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], namespaces: ['*'], clusterScope: true }],
        },
      ],
    },
  };
}

/** One level of four seats for everybody; beside it only what is mandatory. */
const small = () =>
  start({ totalSeats: 4, levels: [level('all', queued(1_000))], schemas: [schema('all', 'all', '*')] });

test('who finds no seat waits, and gets one when it is free', async (t) => {
  const { control } = small();
  const seats = Array.from({ length: 4 }, () => control.admit(requestOf('a'), one, never) as Admitted);
  t.is(seats[0]?.schemaUid, 'uid-of-all');
  t.is(seats[0]?.levelUid, 'uid-of-all');
  const fifth = control.admit(requestOf('a'), one, never);
  t.true(fifth instanceof Promise);
  t.regex(control.metrics(), /current_inqueue_requests\{priority_level="all"\} 1\n/);
  seats[0]?.release();
  // Twice gives nothing back twice.
  seats[0]?.release();
  const admitted = await fifth;
  t.regex(control.metrics(), /current_executing_seats\{priority_level="all"\} 4\n/);
  for (const { release } of [...seats, admitted]) release();
  t.regex(control.metrics(), /current_executing_seats\{priority_level="all"\} 0\n/);
});

test('who waits too long, or finds all queues full, is told to come again', async (t) => {
  const { control, clock } = small();
  for (let i = 0; i < 4; i++) void control.admit(requestOf('a'), one, never);
  const waiting = Array.from({ length: 40 }, () => control.admit(requestOf('a'), one, never) as Promise<Admitted>);
  const refused = await t.throwsAsync(async () => control.admit(requestOf('a'), one, never), { instanceOf: ApiError });
  t.is(refused?.httpCode, 429);
  t.is(refused?.status.details?.retryAfterSeconds, 1);
  await clock.advance(15_000);
  for (const each of waiting) t.is((await t.throwsAsync(each, { instanceOf: ApiError }))?.httpCode, 429);
  t.regex(control.metrics(), /rejected_requests_total\{[^}]*"time-out"\} 40\n/);
  t.regex(control.metrics(), /rejected_requests_total\{[^}]*"queue-full"\} 1\n/);
  t.is(clock.pending, 0);
});

test('who goes away while waiting leaves nothing behind', async (t) => {
  const { control, clock } = small();
  for (let i = 0; i < 4; i++) void control.admit(requestOf('a'), one, never);
  const client = new AbortController();
  const waiting = control.admit(requestOf('a'), one, () => client.signal) as Promise<Admitted>;
  client.abort();
  await t.throwsAsync(waiting);
  t.is(clock.pending, 0);
  t.regex(control.metrics(), /current_inqueue_requests\{priority_level="all"\} 0\n/);
});

test('a level that queues nobody refuses at once', async (t) => {
  const { control } = start({
    totalSeats: 1,
    levels: [
      level('all', {
        type: 'Limited',
        limited: { nominalConcurrencyShares: 1_000, limitResponse: { type: 'Reject' } },
      }),
    ],
    schemas: [schema('all', 'all', '*')],
  });
  void control.admit(requestOf('a'), one, never);
  await t.throwsAsync(async () => control.admit(requestOf('a'), one, never), { instanceOf: ApiError });
});

test('an elephant can not starve a mouse', async (t) => {
  const { control, clock } = small();
  let served = 0;
  const running: (() => void)[] = [];
  const take = async (user: string): Promise<void> => {
    const { release } = await control.admit(requestOf(user), one, never);
    running.push(() => {
      served++;
      release();
    });
  };
  const elephant = Array.from({ length: 40 }, () => take('elephant').catch(() => {}));
  await Promise.resolve();
  let mouseServedAfter = -1;
  const mouse = take('mouse').then(() => {
    mouseServedAfter = served;
  });
  for (let i = 0; i < 50 && mouseServedAfter < 0; i++) {
    await clock.advance(100);
    running.shift()?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await mouse;
  t.true(mouseServedAfter >= 0 && mouseServedAfter <= 6, `${mouseServedAfter}`);
  for (let over = running.shift(); over !== undefined; over = running.shift()) {
    over();
    await new Promise((resolve) => setImmediate(resolve));
  }
  await Promise.all(elephant);
});

test('a changed configuration holds at once, and a level that is gone is left by those who are in it', async (t) => {
  const { control, state, changed } = small();
  const before = Array.from({ length: 4 }, () => control.admit(requestOf('a'), one, never) as Admitted);
  const waiting = control.admit(requestOf('a'), one, never) as Promise<Admitted>;
  state.levels = [level('new', queued(1_000))];
  state.schemas = [schema('new', 'new', '*')];
  changed();
  t.is((control.admit(requestOf('b'), one, never) as Admitted).schemaUid, 'uid-of-new');
  for (const { release } of before) release();
  (await waiting).release();
  changed();
  t.notRegex(control.metrics(), /current_executing_seats\{priority_level="all"\}/);
});

test('wide requests take as many seats as their level allows', (t) => {
  const { control } = start({
    totalSeats: 100,
    levels: [level('all', queued(1_000))],
    schemas: [schema('all', 'all', '*')],
  });
  const { release } = control.admit(requestOf('a'), () => ({ seats: 10_000 }), never) as Admitted;
  t.regex(control.metrics(), /current_executing_seats\{priority_level="all"\} 10\n/);
  release();
});

const share = fc.record({
  shares: fc.integer({ min: 0, max: 200 }),
  lendablePercent: fc.integer({ min: 0, max: 100 }),
  borrowingLimitPercent: fc.option(fc.integer({ min: 0, max: 300 }), { nil: undefined }),
});

test('lent seats are never more than there are, and what is not lent is there at any time', (t) => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 600 }),
      fc.array(share, { minLength: 1, maxLength: 6 }),
      fc.array(fc.tuple(fc.nat(5), fc.integer({ min: 1, max: 10 }), fc.boolean()), { maxLength: 400 }),
      (total, shares, steps) => {
        const levels: SeatUser[] = seatLimits(total, shares).map((limits) => ({ ...limits, inUse: 0 }));
        const all = levels.reduce((sum, { nominal }) => sum + nominal, 0);
        for (const [index, width, take] of steps) {
          const level = levels[index % levels.length]!;
          if (!take) level.inUse = Math.max(0, level.inUse - width);
          else if (hasRoom(levels, level, width)) level.inUse += width;
          t.true(levels.reduce((sum, { inUse }) => sum + inUse, 0) <= all);
          for (const each of levels) {
            t.true(each.inUse <= each.nominal + each.borrowable);
            const own = each.nominal - each.lendable - each.inUse;
            if (own > 0) t.true(hasRoom(levels, each, own));
          }
        }
      },
    ),
  );
});

test('flows, levels and seats stay in order whatever comes and goes', async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(
        fc.tuple(
          fc.constantFrom('a', 'b', 'c', 'd'),
          fc.integer({ min: 1, max: 12 }),
          fc.constantFrom('ask', 'end', 'leave', 'wait'),
        ),
        { maxLength: 200 },
      ),
      async (steps) => {
        const { control, clock } = start({
          totalSeats: 12,
          levels: [
            level('one', queued(50, { lendablePercent: 50 })),
            level('two', queued(50, { lendablePercent: 100, borrowingLimitPercent: 50 })),
          ],
          schemas: [schema('a', 'one', 'a'), schema('b', 'one', 'b', 600), schema('rest', 'two', '*', 700)],
        });
        const admitted: Admitted[] = [];
        const clients: AbortController[] = [];
        const asked: Promise<unknown>[] = [];
        for (const [user, number, step] of steps) {
          if (step === 'ask') {
            const client = new AbortController();
            clients.push(client);
            const admission = Promise.resolve(
              control.admit(
                requestOf(user),
                () => ({ seats: number, ...(number % 2 === 0 ? {} : { seatMsAfter: 50 * number }) }),
                () => client.signal,
              ),
            );
            asked.push(
              admission.then(
                (seat) => admitted.push(seat),
                () => {},
              ),
            );
          } else if (step === 'end') admitted.shift()?.release();
          else if (step === 'leave') clients.shift()?.abort();
          else clock.advance(number * 1_000);
          await new Promise((resolve) => setImmediate(resolve));
        }
        // Whoever still waits gets a seat or is refused, when the others have gone.
        for (let round = 0; round < 500; round++) {
          for (const seat of admitted.splice(0)) seat.release();
          await clock.advance(100);
          await new Promise((resolve) => setImmediate(resolve));
          if (/current_inqueue_requests\{priority_level="(one|two)"\} [1-9]/.test(control.metrics())) continue;
          if (admitted.length === 0) break;
        }
        await Promise.all(asked);
        for (const seat of admitted) seat.release();
        await clock.advance(10_000);
        t.notRegex(control.metrics(), /current_(inqueue_requests|executing_requests|executing_seats)\{[^}]*\} [1-9]/);
        t.is(clock.pending, 0);
      },
    ),
    { numRuns: 40 },
  );
});

test('a write takes seats for those who watch, and keeps them a while; a watch gives its seat back in any case', async (t) => {
  const { control, clock } = start();
  const inUse = (): number =>
    Number(/current_executing_seats\{priority_level="global-default"\} (\d+)/.exec(control.metrics())?.[1]);
  // Fifteen percent of the level's seats at most, the longer for it.
  const write = (await control.admit(requestOf('a'), () => ({ seats: 60, seatMsAfter: 300 }), never)) as Admitted;
  const wide = inUse();
  t.true(wide > 1 && wide < 60);
  write.release();
  write.release();
  t.is(inUse(), wide);
  await clock.advance(300 / wide - 1);
  t.is(inUse(), wide);
  await clock.advance(2);
  t.is(inUse(), 0);
  const watch = (await control.admit(requestOf('a'), () => ({ seats: 1, limitMs: 60_000 }), never)) as Admitted;
  t.is(inUse(), 1);
  await clock.advance(60_001);
  t.is(inUse(), 0);
  watch.release();
  t.is(inUse(), 0);
});
