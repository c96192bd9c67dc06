import type { Timeline } from './timeline.ts';

/** A fault-injection run against real processes. */
export type Scenario = (options: ScenarioOptions) => Promise<ScenarioResult>;

export interface ScenarioOptions {
  /** Decides whatever is random in it; what the operating system makes of it stays random. */
  seed: number;
  /** How many faults; absent: as many as the scenario deems right. */
  rounds: number | undefined;
  /** Instead of rounds: go on for so long. */
  minutes: number | undefined;
  /** Absent: namespaces where they can be had, else proxies. */
  network: 'namespaces' | 'proxies' | undefined;
  /** Names; absent: all. */
  workloads: readonly string[] | undefined;
  /** Aborted: ends early, and judges what there is. */
  signal?: AbortSignal;
  tell(text: string): void;
}

export interface ScenarioResult {
  /** One line for each broken promise; none: all held. */
  violations: string[];
  figures: Record<string, number>;
  /** What is worth knowing and breaks no promise of ours. */
  remarks?: string[];
  /** Of each cluster that was run, in their order. */
  timelines?: Timeline[];
  /** Their names; absent: they are numbered. */
  titles?: string[];
  tables?: Table[];
}

export interface Table {
  title: string;
  /** The first one holds names. */
  columns: readonly string[];
  rows: readonly (readonly (string | number)[])[];
}
