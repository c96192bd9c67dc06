import type { v1 } from '../../api/index.ts';

export type ProbeKind = 'startup' | 'liveness' | 'readiness';
export type ProbeOutcome = 'success' | 'failure';

/** What a probe stands at: its verdict, and how many outcomes in a row agree. */
export interface ProbeState {
  verdict: ProbeOutcome | 'unknown';
  last: ProbeOutcome | undefined;
  run: number;
}

/** Before the first outcome: alive, not ready, not started. */
export function initialProbeState(kind: ProbeKind): ProbeState {
  const verdict = kind === 'liveness' ? 'success' : kind === 'readiness' ? 'failure' : 'unknown';
  return { verdict, last: undefined, run: 0 };
}

/** The state after one more outcome: the verdict changes when as many in a row agree as the thresholds ask for. Pure. */
export function nextProbeState(state: ProbeState, outcome: ProbeOutcome, probe: v1.Probe): ProbeState {
  const run = state.last === outcome ? state.run + 1 : 1;
  const threshold = outcome === 'success' ? (probe.successThreshold ?? 1) : (probe.failureThreshold ?? 3);
  return { verdict: run >= threshold ? outcome : state.verdict, last: outcome, run };
}
