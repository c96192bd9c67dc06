import { pause } from './pause.ts';
import type { Target } from './target.ts';
import type { Outcome } from './workloads/recorder.ts';

const SAMPLE_MS = 200;

/** What happened when; all times in milliseconds since the start of the run. */
export interface FaultSpan {
  name: string;
  description: string;
  from: number;
  to: number;
  /** How long after its end it took until a write through each peer was accepted again. */
  recoveryMs: number;
}

/** A peer said that it led in this term, first and last at these times. */
export interface Reign {
  peer: number;
  term: number;
  from: number;
  to: number;
}

/** Operations of a workload in one second of the run. */
export interface Tally {
  workload: string;
  second: number;
  ok: number;
  failed: number;
  unknown: number;
}

/** Takes down the course of a run: operations, faults, and who led. */
export class Timeline {
  readonly faults: FaultSpan[] = [];
  readonly reigns: Reign[] = [];
  readonly violations: string[] = [];
  readonly #begin = performance.now();
  readonly #tallies = new Map<string, Tally>();
  readonly #terms = new Map<number, number>();

  /** Since the start of the run. */
  get now(): number {
    return performance.now() - this.#begin;
  }

  get tallies(): readonly Tally[] {
    return [...this.#tallies.values()];
  }

  count(workload: string, outcome: Outcome): void {
    const second = Math.floor(this.now / 1000);
    const key = `${workload} ${second}`;
    const tally = this.#tallies.get(key) ?? { workload, second, ok: 0, failed: 0, unknown: 0 };
    tally[outcome]++;
    this.#tallies.set(key, tally);
  }

  /** Asks the peers again and again who leads. Two leaders in one term, or a term that goes back, are violations. */
  async observe(cluster: Target, signal: AbortSignal): Promise<void> {
    const observePeer = async (id: number): Promise<void> => {
      while (!signal.aborted) {
        const asked = this.now;
        const status = await cluster.status(id);
        if (status !== undefined) this.#saw(id, status.term, status.leader === id, asked);
        await pause(SAMPLE_MS, signal);
      }
    };
    await Promise.all(cluster.ids.map(observePeer));
  }

  #saw(peer: number, term: number, leads: boolean, asked: number): void {
    const before = this.#terms.get(peer) ?? 0;
    if (term < before) this.violations.push(`peer ${peer} went back from term ${before} to ${term}`);
    this.#terms.set(peer, term);
    if (!leads) return;
    const reign = this.reigns.find((known) => known.term === term);
    if (reign === undefined) this.reigns.push({ peer, term, from: asked, to: this.now });
    else if (reign.peer !== peer) this.violations.push(`peers ${reign.peer} and ${peer} both led in term ${term}`);
    else reign.to = this.now;
  }
}
