import type { v1 } from '../../api/index.ts';
import type { Clock, Random, Timer } from '../../base/index.ts';
import type { ProbeVerdict } from '../pod-actions.ts';
import type { HandlerResult } from './handlers.ts';
import { initialProbeState, nextProbeState, type ProbeKind, type ProbeState } from './probe-state.ts';

export interface ContainerProbesOptions {
  container: v1.Container;
  clock: Clock;
  random: Random;
  startedAtMs: number;
  /** What the API says of the same container: set when it is adopted from an earlier peer. */
  before: { started: boolean; ready: boolean } | undefined;
  /** Runs a probe's handler once; never rejects. */
  run(probe: v1.Probe, signal: AbortSignal): Promise<HandlerResult>;
  /** A probe has failed (again), for people. */
  onFailure(kind: ProbeKind, message: string): void;
  /** A verdict has changed. */
  onChange(): void;
}

const kinds: readonly ProbeKind[] = ['startup', 'liveness', 'readiness'];

/** The probes of one running container, each on its own period; the others wait for the startup probe. */
export class ContainerProbes {
  readonly #options: ContainerProbesOptions;
  readonly #states = new Map<ProbeKind, ProbeState>();
  readonly #timers = new Map<ProbeKind, Timer>();
  readonly #abort = new AbortController();
  /** The container is being ended anyway: no verdict may ask for that. */
  #harmless = false;

  constructor(options: ContainerProbesOptions) {
    this.#options = options;
    const { before } = options;
    for (const kind of kinds) {
      if (!this.#probe(kind)) continue;
      const state = initialProbeState(kind);
      if (kind === 'startup' && before?.started) state.verdict = 'success';
      if (kind === 'readiness' && before?.ready) state.verdict = 'success';
      this.#states.set(kind, state);
    }
    for (const kind of this.#states.keys()) {
      if (kind === 'startup' ? !this.started : this.started) this.#schedule(kind, this.#firstDelay(kind));
    }
  }

  get started(): boolean {
    return (this.#states.get('startup')?.verdict ?? 'success') === 'success';
  }

  get ready(): boolean {
    return this.started && (this.#states.get('readiness')?.verdict ?? 'success') === 'success';
  }

  get verdict(): ProbeVerdict {
    const failed = (['startup', 'liveness'] as const).find((kind) => this.#states.get(kind)?.verdict === 'failure');
    return failed && !this.#harmless ? { started: this.started, failed } : { started: this.started };
  }

  /** Stops those that could kill the container, as it is being ended anyway. Readiness goes on. */
  stopKilling(): void {
    this.#harmless = true;
    for (const kind of ['startup', 'liveness'] as const) this.#timers.get(kind)?.cancel();
  }

  stop(): void {
    this.#abort.abort();
    for (const timer of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #probe(kind: ProbeKind): v1.Probe | undefined {
    return this.#options.container[`${kind}Probe`];
  }

  #firstDelay(kind: ProbeKind): number {
    const { clock, startedAtMs, before, random } = this.#options;
    const probe = this.#probe(kind)!;
    const initialMs = startedAtMs + (probe.initialDelaySeconds ?? 0) * 1000 - clock.now();
    // After a restart of the peer, probes of many containers would all run at once.
    const spread = before ? random.next() * this.#periodMs(probe) : 0;
    return Math.max(0, initialMs, spread);
  }

  #periodMs(probe: v1.Probe): number {
    return (probe.periodSeconds ?? 10) * 1000;
  }

  #schedule(kind: ProbeKind, delayMs: number): void {
    const { clock } = this.#options;
    this.#timers.set(
      kind,
      clock.setTimer(delayMs, () => {
        const startedAt = clock.monotonic();
        void this.#runOnce(kind).then(() => {
          const state = this.#states.get(kind);
          if (this.#abort.signal.aborted || !state || (this.#harmless && kind !== 'readiness')) return;
          // A startup probe has done its work; after a verdict that ends the container there is nothing to ask.
          if (kind === 'startup' && state.verdict !== 'unknown') return;
          if (kind === 'liveness' && state.verdict === 'failure') return;
          const period = this.#periodMs(this.#probe(kind)!);
          this.#schedule(kind, Math.max(0, startedAt + period - clock.monotonic()));
        });
      }),
    );
  }

  async #runOnce(kind: ProbeKind): Promise<void> {
    const { run, onFailure, onChange } = this.#options;
    const probe = this.#probe(kind)!;
    const { outcome, message } = await run(probe, this.#abort.signal);
    const before = this.#states.get(kind);
    if (this.#abort.signal.aborted || !before) return;
    const after = nextProbeState(before, outcome, probe);
    this.#states.set(kind, after);
    if (outcome === 'failure') onFailure(kind, message);
    if (after.verdict === before.verdict) return;
    if (kind === 'startup' && after.verdict === 'success') {
      for (const other of ['liveness', 'readiness'] as const)
        if (this.#states.has(other)) this.#schedule(other, this.#firstDelay(other));
    }
    onChange();
  }
}
