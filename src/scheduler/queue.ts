import { assert, type Clock, type Timer } from '../base/index.ts';
import type { PodInfo } from './pod-info.ts';

/** A pod that waits for a node. */
export interface QueuedPod {
  info: PodInfo;
  /** Order of arrival. */
  sequence: number;
  attempts: number;
  /** Monotonic milliseconds before which it is not tried again. */
  backoffUntil: number;
}

const FIRST_BACKOFF_MS = 1_000;
const MAX_BACKOFF_MS = 10_000;
/** A pod that nothing seems to help is tried again all the same after so long. */
const MAX_UNSCHEDULABLE_MS = 5 * 60_000;

/** Why a pod waits: for a change of the cluster; for its back-off, though such a change came; or because something failed. */
type Waiting = 'blocked' | 'backoff' | 'error';

/**
 * Pods without a node: `active` ones are tried in order of priority, then of arrival; the unschedulable ones wait for something in the
 * cluster to change, and then for their back-off, unless there is nothing else to do (as Kubernetes does since 1.33); those whose
 * binding failed always wait.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #onActive: () => void;
  /** A binary heap. */
  readonly #active: QueuedPod[] = [];
  readonly #waiting = new Map<string, { pod: QueuedPod; timer: Timer; why: Waiting }>();
  readonly #known = new Map<string, QueuedPod>();
  #sequence = 0;
  /** Counts changes of the cluster: one during a cycle means that its failure may be outdated. */
  #moves = 0;

  /** `onActive` is called whenever there is something to pop. */
  constructor(clock: Clock, onActive: () => void) {
    this.#clock = clock;
    this.#onActive = onActive;
  }

  get moves(): number {
    return this.#moves;
  }

  get size(): number {
    return this.#known.size;
  }

  /** A new pod, or a changed one: a change may make it fit, so it is tried at once. */
  set(info: PodInfo): void {
    const known = this.#known.get(info.uid);
    if (known !== undefined) {
      known.info = info;
      const waiting = this.#waiting.get(info.uid);
      if (waiting !== undefined && waiting.why !== 'error') this.#activate(waiting.pod);
      return;
    }
    const pod: QueuedPod = { info, sequence: this.#sequence++, attempts: 0, backoffUntil: 0 };
    this.#known.set(info.uid, pod);
    this.#push(pod);
  }

  remove(uid: string): void {
    this.#known.delete(uid);
    this.#waiting.get(uid)?.timer.cancel();
    this.#waiting.delete(uid);
    // An entry in the heap is skipped when it comes up.
  }

  /** The next pod to try; undefined when none is ready. It stays known until `remove`. */
  pop(): QueuedPod | undefined {
    while (this.#active.length > 0) {
      const pod = popHeap(this.#active);
      if (this.#known.get(pod.info.uid) !== pod) continue;
      pod.attempts++;
      return pod;
    }
    return this.#popBackoff();
  }

  /** No node fits; `moves` as it was at the cycle's start. Waits for a change, or only its back-off if there was one meanwhile. */
  unschedulable(pod: QueuedPod, moves: number): void {
    if (this.#known.get(pod.info.uid) !== pod) return;
    pod.backoffUntil = this.#clock.monotonic() + backoffMs(pod.attempts);
    if (moves !== this.#moves) this.#wait(pod, 'backoff', backoffMs(pod.attempts));
    else this.#wait(pod, 'blocked', MAX_UNSCHEDULABLE_MS);
  }

  /** Something failed that may work the next time. */
  retry(pod: QueuedPod): void {
    if (this.#known.get(pod.info.uid) !== pod) return;
    pod.backoffUntil = this.#clock.monotonic() + backoffMs(pod.attempts);
    this.#wait(pod, 'error', backoffMs(pod.attempts));
  }

  /** The cluster changed so that pods that fitted nowhere may fit now. */
  move(): void {
    this.#moves++;
    for (const { pod, why } of [...this.#waiting.values()]) if (why === 'blocked') this.#unblock(pod);
    this.#onActive();
  }

  stop(): void {
    for (const { timer } of this.#waiting.values()) timer.cancel();
    this.#waiting.clear();
    this.#known.clear();
    this.#active.length = 0;
  }

  /** The pod whose back-off ends first. */
  #popBackoff(): QueuedPod | undefined {
    let first: QueuedPod | undefined;
    for (const { pod, why } of this.#waiting.values()) {
      if (why === 'backoff' && (first === undefined || pod.backoffUntil < first.backoffUntil)) first = pod;
    }
    if (first === undefined) return undefined;
    this.#waiting.get(first.info.uid)?.timer.cancel();
    this.#waiting.delete(first.info.uid);
    first.attempts++;
    return first;
  }

  #unblock(pod: QueuedPod): void {
    const left = pod.backoffUntil - this.#clock.monotonic();
    if (left > 0) this.#wait(pod, 'backoff', left);
    else this.#activate(pod);
  }

  #wait(pod: QueuedPod, why: Waiting, ms: number): void {
    const { uid } = pod.info;
    this.#waiting.get(uid)?.timer.cancel();
    this.#waiting.set(uid, { pod, why, timer: this.#clock.setTimer(ms, () => this.#activate(pod)) });
  }

  #activate(pod: QueuedPod): void {
    this.#waiting.get(pod.info.uid)?.timer.cancel();
    this.#waiting.delete(pod.info.uid);
    this.#push(pod);
  }

  #push(pod: QueuedPod): void {
    pushHeap(this.#active, pod);
    this.#onActive();
  }
}

function backoffMs(attempts: number): number {
  return Math.min(FIRST_BACKOFF_MS * 2 ** (attempts - 1), MAX_BACKOFF_MS);
}

/** Queue sort: higher priority first, then who came first. */
function before(a: QueuedPod, b: QueuedPod): boolean {
  return a.info.priority !== b.info.priority ? a.info.priority > b.info.priority : a.sequence < b.sequence;
}

function pushHeap(heap: QueuedPod[], pod: QueuedPod): void {
  let at = heap.push(pod) - 1;
  while (at > 0) {
    const parent = (at - 1) >> 1;
    if (!before(pod, heap[parent] as QueuedPod)) break;
    heap[at] = heap[parent] as QueuedPod;
    at = parent;
  }
  heap[at] = pod;
}

function popHeap(heap: QueuedPod[]): QueuedPod {
  const top = heap[0];
  const last = heap.pop();
  assert(top !== undefined && last !== undefined, 'an empty heap was popped');
  if (heap.length === 0) return top;
  let at = 0;
  for (;;) {
    let child = 2 * at + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && before(heap[child + 1] as QueuedPod, heap[child] as QueuedPod)) child++;
    if (!before(heap[child] as QueuedPod, last)) break;
    heap[at] = heap[child] as QueuedPod;
    at = child;
  }
  heap[at] = last;
  return top;
}
