import test from 'ava';
import { type Random, randomInteger, seededRandom } from '../../../src/base/index.ts';
import {
  checkLinearizability,
  listModel,
  type Operation,
  partition,
  type RegisterInput,
  type RegisterOutput,
  registerModel,
} from '../../../src/simulation/linearizability/index.ts';
import { execute, isLinearizable, subjects } from './histories.ts';

const rounds = 300;
const unanswered = Number.POSITIVE_INFINITY;

/** Checks that an order is one: in real time, from the model, with everything that was answered. */
function explains(name: string, history: readonly Operation<unknown, unknown>[], order: readonly number[]): boolean {
  const { model } = subjects[name]!;
  let state: string | undefined = model.initial;
  const placed = new Set<number>();
  for (const place of order) {
    const operation = history[place]!;
    const late = history.some((other, at) => at !== place && !placed.has(at) && other.return < operation.call);
    if (late || placed.has(place) || state === undefined) return false;
    placed.add(place);
    state = model.step(state, operation.input, operation.output);
  }
  return state !== undefined && history.every((each, at) => placed.has(at) || each.return === unanswered);
}

for (const name of Object.keys(subjects)) {
  const subject = subjects[name]!;

  test(`${name}: what happened on a real object is accepted`, (t) => {
    for (let seed = 1; seed <= rounds; seed++) {
      const random = seededRandom(seed);
      const options = { operations: 60, clients: 1 + randomInteger(random, 6), unknown: 0.08 };
      const history = execute(subject, random, options);
      const result = checkLinearizability(subject.model, history);
      if (result.verdict !== 'linearizable') t.fail(`seed ${seed}: ${JSON.stringify(result)}`);
      else if (!explains(name, history, result.order)) t.fail(`seed ${seed}: the order found is none`);
    }
    t.pass();
  });

  test(`${name}: agrees with trying every order, on answers that may be wrong`, (t) => {
    const found = { legal: 0, illegal: 0 };
    for (let seed = 1; seed <= rounds * 3; seed++) {
      const random = seededRandom(seed);
      const history = execute(subject, random, { operations: 6, clients: 3, unknown: 0.15 });
      if (random.next() < 0.8) swapAnswers(history, random);
      const expected = isLinearizable(subject.model, history);
      const { verdict } = checkLinearizability(subject.model, history);
      found[expected ? 'legal' : 'illegal'] += 1;
      if (verdict !== (expected ? 'linearizable' : 'illegal')) {
        t.fail(`seed ${seed}: ${verdict} but expected ${expected}: ${JSON.stringify(history)}`);
      }
    }
    t.true(found.legal > rounds / 4 && found.illegal > rounds / 4, JSON.stringify(found));
  });

  test(`${name}: a read of what was overwritten before is rejected`, (t) => {
    let rejected = 0;
    for (let seed = 1; seed <= rounds; seed++) {
      const random = seededRandom(seed);
      const history = execute(subject, random, { operations: 40, clients: 4, unknown: 0.05 });
      const end = 1 + Math.max(...history.filter((each) => each.output !== undefined).map((each) => each.return));
      const pending = history.filter((each) => each.output === undefined);
      // One write after everything, one read after that; the read then answers as if the write had not been.
      const read = { client: 900, input: { type: 'read' }, output: undefined, call: end + 4, return: end + 5 };
      const before = statesAfter(subject, history).filter((output) => output !== undefined);
      const write = { client: 901, input: markerOf(name), output: answerOf(name), call: end + 2, return: end + 3 };
      const stale = { ...read, output: before[0] };
      const all = [...history, write, stale];
      if (checkLinearizability(subject.model, all).verdict === 'illegal') rejected += 1;
      else if (pending.length === 0) t.fail(`seed ${seed}: the stale read was accepted`);
    }
    t.true(rejected > rounds / 4, `${rejected}`);
  });
}

test('a lost write and a reordered pair are rejected, with the place where it shows', (t) => {
  const write = (value: string, call: number): Operation<RegisterInput, RegisterOutput> => ({
    client: call,
    input: { type: 'write', value },
    output: { value: null },
    call,
    return: call + 1,
  });
  const read = (value: string | null, call: number): Operation<RegisterInput, RegisterOutput> => ({
    client: call,
    input: { type: 'read' },
    output: { value },
    call,
    return: call + 1,
  });
  const lost = [write('a', 0), read('a', 2), write('b', 4), read('a', 6)];
  const result = checkLinearizability(registerModel, lost);
  t.like(result, { verdict: 'illegal', order: [0, 1, 2], stuck: 3 });
  const back = [write('a', 0), { ...write('b', 2), return: 9 }, read('b', 4), read('a', 6)];
  t.is(checkLinearizability(registerModel, back).verdict, 'illegal');
  const never: Operation<RegisterInput, RegisterOutput> = { ...write('c', 2), output: undefined, return: unanswered };
  t.is(checkLinearizability(registerModel, [write('a', 0), never, read('a', 4)]).verdict, 'linearizable');
  t.is(checkLinearizability(registerModel, [write('a', 0), never, read('c', 4)]).verdict, 'linearizable');
  t.is(checkLinearizability(registerModel, [write('a', 0), never, read('c', 4), read('a', 6)]).verdict, 'illegal');
});

test('what touches in time counts as concurrent', (t) => {
  const append = { client: 1, input: { type: 'append', element: 'x' }, output: { elements: [] }, call: 0, return: 5 };
  const read = { client: 2, input: { type: 'read' }, output: { elements: [] }, call: 5, return: 6 };
  t.is(checkLinearizability(listModel, [append, read] as never).verdict, 'linearizable');
  t.is(checkLinearizability(listModel, [append, { ...read, call: 5.1 }] as never).verdict, 'illegal');
});

test('says so when it gives up', (t) => {
  const random = seededRandom(3);
  const history = execute(subjects['register']!, random, { operations: 40, clients: 8, unknown: 0 });
  t.deepEqual(checkLinearizability(registerModel, history, { maxSteps: 10 }), { verdict: 'undecided', steps: 10 });
  const long = Array.from({ length: 100_001 }, () => history[0]!);
  t.throws(() => checkLinearizability(registerModel, long), { code: 'INVALID' });
});

test('a long history of one object is quick where clients are few', (t) => {
  const history = execute(subjects['register']!, seededRandom(5), { operations: 5000, clients: 5, unknown: 0 });
  const result = checkLinearizability(registerModel, history);
  t.is(result.verdict, 'linearizable');
  t.true(result.steps < 100_000, `${result.steps} steps`);
});

test('objects are judged by themselves', (t) => {
  const keys = ['a', 'b'];
  const histories = keys.map((_, i) =>
    execute(subjects['register']!, seededRandom(i), { operations: 20, clients: 3, unknown: 0 }),
  );
  const together = histories.flatMap((history, i) =>
    history.map((operation) => ({ ...operation, input: { ...(operation.input as object), key: keys[i]! } })),
  );
  const parts = partition(together, ({ key }) => key);
  t.deepEqual([...parts.keys()], keys);
  for (const part of parts.values()) t.is(checkLinearizability(registerModel, part as never).verdict, 'linearizable');
});

/** Gives one answered operation the answer of another of its kind. */
function swapAnswers(history: Operation<{ type: string }, unknown>[], random: Random): void {
  const answered = history.filter(({ output }) => output !== undefined);
  const one = answered[randomInteger(random, answered.length)];
  const alike = answered.filter((other) => other.input.type === one?.input.type && other !== one);
  const other = alike[randomInteger(random, alike.length)];
  if (one !== undefined && other !== undefined) [one.output, other.output] = [other.output, one.output];
}

/** What a read answers after the order that the checker finds. */
function statesAfter(subject: (typeof subjects)[string], history: readonly Operation<unknown, unknown>[]): unknown[] {
  const result = checkLinearizability(subject.model, history);
  if (result.verdict !== 'linearizable') return [];
  const object = subject.create();
  for (const place of result.order) object(history[place]!.input);
  return [object({ type: 'read' })];
}

const collection = (name: string): boolean => name === 'list' || name === 'set';

function markerOf(name: string): unknown {
  const type = name === 'list' ? 'append' : name === 'set' ? 'add' : 'write';
  return collection(name) ? { type, element: 'marker' } : { type, value: 'marker' };
}

function answerOf(name: string): unknown {
  return collection(name) ? { elements: [] } : { value: null };
}
