import type { EventLog } from '../judge/event-log.ts';
import { appendWorkload } from './append.ts';
import { compactionWorkload } from './compaction.ts';
import { crowdWorkload } from './crowd.ts';
import { kubernetesWorkload } from './kubernetes.ts';
import { lockWorkload } from './lock.ts';
import { registerWorkload } from './register.ts';
import { setWorkload } from './set.ts';
import { watchWorkload } from './watch.ts';
import type { Workload } from './workload.ts';

export type { Outcome } from './recorder.ts';
export type { Judgement, Workload, WorkloadContext } from './workload.ts';

/** By name; `crowd` is heavy, and runs only where it is asked for. */
export const workloads: Readonly<Record<string, (log: EventLog) => Workload>> = {
  register: registerWorkload,
  set: setWorkload,
  append: appendWorkload,
  watch: watchWorkload,
  lock: lockWorkload,
  compaction: compactionWorkload,
  kubernetes: kubernetesWorkload,
  crowd: crowdWorkload,
};

export const defaultWorkloads: readonly string[] = Object.keys(workloads).filter((name) => name !== 'crowd');
