import type { Random } from '../../src/base/index.ts';
import type { Store } from '../../src/store/index.ts';
import type { EventLog } from '../judge/event-log.ts';
import type { KubernetesAccess } from '../target.ts';
import type { Outcome } from './recorder.ts';

/** Clients that do something sensible for as long as they may, and the judge of what they saw. */
export interface Workload {
  readonly name: string;
  /** Before any fault: makes what the clients need. */
  prepare?(context: WorkloadContext): Promise<void>;
  /** Resolves when the signal is aborted and all clients have stopped. Rejects only when the run can't go on. */
  run(context: WorkloadContext): Promise<void>;
  /** Once the cluster is well again: what was promised and not held. */
  judge(log: EventLog): Promise<Judgement>;
}

export interface Judgement {
  /** One line for each broken promise. */
  violations: string[];
  figures: Record<string, number>;
}

export interface WorkloadContext {
  /** Absent: there is a store and nothing else. */
  kubernetes: KubernetesAccess | undefined;
  signal: AbortSignal;
  /** A generator of its own for each client. */
  random(client: number): Random;
  /** A connection of its own; every other client keeps to one peer whatever becomes of it, the rest go where they are answered. */
  connect(client: number): Promise<Store>;
  outcome(outcome: Outcome): void;
  /** Milliseconds between two operations of a client, on average. */
  thinkMs: number;
  /** The store's revision when the workloads began. */
  begin: number;
}
