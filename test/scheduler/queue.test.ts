import test from 'ava';
import fc from 'fast-check';
import { podInfo } from '../../src/scheduler/pod-info.ts';
import { SchedulingQueue } from '../../src/scheduler/queue.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { pod } from './objects.ts';

function names(queue: SchedulingQueue): string[] {
  const found: string[] = [];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) found.push(next.info.pod.metadata.name ?? '');
  return found;
}

test('higher priority first, then who came first', (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 3 })), (priorities) => {
      const queue = new SchedulingQueue(new FakeClock(), () => {});
      priorities.forEach((priority, i) => {
        queue.set(podInfo(pod(String(i), { priority })));
      });
      const expected = priorities
        .map((priority, i) => ({ priority, i }))
        .sort((a, b) => b.priority - a.priority || a.i - b.i);
      t.deepEqual(
        names(queue),
        expected.map(({ i }) => String(i)),
      );
    }),
  );
});

test('an unschedulable pod waits for a change; its back-off counts only while there is other work', async (t) => {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock, () => {});
  queue.set(podInfo(pod('a')));
  const first = queue.pop();
  if (first === undefined) return t.fail();
  queue.unschedulable(first, queue.moves);
  await clock.advance(60_000);
  t.deepEqual(names(queue), []);
  queue.move();
  const again = queue.pop();
  t.is(again?.attempts, 2);
  if (again === undefined) return;
  queue.unschedulable(again, queue.moves);
  queue.set(podInfo(pod('b')));
  queue.move();
  t.deepEqual(names(queue), ['b', 'a']);
});

test('a pod whose binding failed waits out its back-off, whatever happens', async (t) => {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock, () => {});
  queue.set(podInfo(pod('a')));
  const first = queue.pop();
  if (first === undefined) return t.fail();
  queue.retry(first);
  queue.move();
  t.deepEqual(names(queue), []);
  await clock.advance(1_000);
  t.deepEqual(names(queue), ['a']);
});

test('a change during the cycle is not lost', (t) => {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock, () => {});
  queue.set(podInfo(pod('a')));
  const first = queue.pop();
  const { moves } = queue;
  queue.move();
  if (first !== undefined) queue.unschedulable(first, moves);
  t.deepEqual(names(queue), ['a']);
});

test('nothing helps: tried again after five minutes all the same', async (t) => {
  const clock = new FakeClock();
  let woken = 0;
  const queue = new SchedulingQueue(clock, () => woken++);
  queue.set(podInfo(pod('a')));
  const first = queue.pop();
  if (first !== undefined) queue.unschedulable(first, queue.moves);
  await clock.advance(5 * 60_000);
  t.is(woken, 2);
  t.deepEqual(names(queue), ['a']);
});

test('a changed pod is tried at once; a removed one never again', async (t) => {
  const clock = new FakeClock();
  const queue = new SchedulingQueue(clock, () => {});
  const waiting = pod('a');
  queue.set(podInfo(waiting));
  const first = queue.pop();
  if (first !== undefined) queue.unschedulable(first, queue.moves);
  await clock.advance(10_000);
  queue.set(podInfo({ ...waiting, metadata: { ...waiting.metadata, labels: { new: 'label' } } }));
  t.deepEqual(names(queue), ['a']);
  const other = podInfo(pod('b'));
  queue.set(other);
  queue.remove(other.uid);
  t.deepEqual(names(queue), []);
  queue.stop();
  t.is(queue.size, 0);
});
