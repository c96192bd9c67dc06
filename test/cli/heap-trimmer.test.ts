import test from 'ava';
import { type HeapMeter, processHeap, trimHeap } from '../../src/cli/heap-trimmer.ts';
import { FakeClock } from '../support/fake-clock.ts';

const MIB = 1024 * 1024;

/** A process that holds and does what a test says. */
function simulated(): HeapMeter & { held: number; busy: number; collected: number } {
  return {
    held: 50 * MIB,
    busy: 0.02,
    collected: 0,
    heldBytes() {
      return this.held;
    },
    busyShare() {
      return this.busy;
    },
    collect() {
      this.collected++;
      this.held = 30 * MIB;
    },
  };
}

test('a process that has become quiet gives its memory back once, and again when it has taken more', async (t) => {
  const clock = new FakeClock();
  const heap = simulated();
  heap.busy = 0.5;
  trimHeap(clock, heap);
  await clock.advance(60_000);
  t.is(heap.collected, 0, 'busy');
  heap.busy = 0.02;
  await clock.advance(5_000);
  t.is(heap.collected, 0, 'quiet, but not for long');
  await clock.advance(5_000);
  t.is(heap.collected, 1);
  await clock.advance(60_000);
  heap.held = 35 * MIB;
  await clock.advance(60_000);
  t.is(heap.collected, 1, 'too little to pause for');
  heap.held = 60 * MIB;
  await clock.advance(5_000);
  t.is(heap.collected, 2);
});

test('a heap that would take long to collect is left alone', async (t) => {
  const clock = new FakeClock();
  const heap = simulated();
  heap.held = 300 * MIB;
  const trimming = trimHeap(clock, heap);
  await clock.advance(60_000);
  t.is(heap.collected, 0);
  heap.held = 100 * MIB;
  trimming.cancel();
  await clock.advance(60_000);
  t.is(heap.collected, 0, 'cancelled');
});

test('a process without a way to collect has no heap to trim', (t) => {
  t.is(processHeap(), undefined);
});
