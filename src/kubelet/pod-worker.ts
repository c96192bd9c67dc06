import { parseTime, type v1 } from '../api/index.ts';
import { errorMessage, type Timer } from '../base/index.ts';
import type { ContainerStatus } from '../runtime/index.ts';
import { startContainer } from './container-starter.ts';
import type { WaitingReason } from './container-statuses.ts';
import type { PodPlace } from './downward-api.ts';
import { endContainer, gracePeriodMs } from './lifecycle.ts';
import { type ContainerToKill, computeActions, definitionOf } from './pod-actions.ts';
import type { PodContext } from './pod-context.ts';
import { PodProbes } from './pod-probes.ts';
import { allContainers, isSidecar, isTerminalPhase, latest, type PodView, viewPod } from './pod-view.ts';
import { ConfigurationError, References } from './references.ts';
import { podStatus } from './status.ts';
import { TerminationMessages } from './termination-messages.ts';

/** Annotation of a sandbox: how long its containers are given to end when the pod itself is not known any more. */
export const graceAnnotation = 'keelson/termination-grace-ms';

const failureRetryMsMin = 500;
const failureRetryMsMax = 120_000;
const stopMsMax = 1000;
/** How often volumes made from ConfigMaps and the like are brought up to date. */
const refreshMs = 60_000;
/** The user and group that containers have by default. */
const nobody = 65534;
/** Of each container name the newest, and the one before for its state and log. */
const containersKept = 2;

/**
 * Makes one pod so: compares what the API asks for with what the runtime has, acts, and tells the status. One step at
 * a time; whatever happens (a newer pod, a container's exit, a probe's verdict, a time) only says to look again.
 */
export class PodWorker {
  readonly uid: string;
  readonly #context: PodContext;
  readonly #onFinished: () => void;
  readonly #probes: PodProbes;
  readonly #messages: TerminationMessages;
  /** By container name. */
  readonly #waiting = new Map<string, Waiting>();
  #pod: v1.Pod;
  /** Gone from the API: only to be ended. */
  #removed = false;
  #dirty = false;
  #busy: Promise<void> | undefined;
  #stopped = false;
  #failures = 0;
  #mountFailures = 0;
  #timer: { atMs: number; timer: Timer } | undefined;
  /** Aborted when what is being done is not wanted any more. */
  #interrupt = new AbortController();
  /** Set once the pod is being ended. */
  #graceMs: number | undefined;
  #failure: { reason: string; message: string } | undefined;
  /** Everything of it is gone from the node; the API is yet to be told. */
  #cleared = false;
  #volumes: ReadonlyMap<string, string> | undefined;

  constructor(context: PodContext, pod: v1.Pod, onFinished: () => void) {
    this.uid = pod.metadata.uid!;
    this.#context = context;
    this.#pod = pod;
    this.#onFinished = onFinished;
    this.#probes = new PodProbes(context, () => this.wake());
    this.#messages = new TerminationMessages(context.runtime);
  }

  get pod(): v1.Pod {
    return this.#pod;
  }

  /** The pod as the API has it now. */
  update(pod: v1.Pod): void {
    const hurry = pod.metadata.deletionTimestamp && !this.#pod.metadata.deletionTimestamp;
    this.#pod = pod;
    if (hurry) this.#interrupt.abort(new DOMException('the pod is being deleted', 'AbortError'));
    this.#shortenGrace();
    this.wake();
  }

  /** The API has it no more. */
  remove(): void {
    this.#removed = true;
    this.#interrupt.abort(new DOMException('the pod was deleted', 'AbortError'));
    this.wake();
  }

  /** Something of the pod has changed. */
  wake(): void {
    this.#dirty = true;
    if (!this.#stopped) this.#busy ??= this.#run();
  }

  /**
   * Acts no more; resolves when nothing is under way, or soon: a container that is taking its time to end does not hold
   * up the peer. Containers keep running.
   */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.timer.cancel();
    this.#probes.stop();
    this.#interrupt.abort(new DOMException('the kubelet stops', 'AbortError'));
    if (!this.#busy) return;
    const enough = Promise.withResolvers<void>();
    const timer = this.#context.clock.setTimer(stopMsMax, enough.resolve);
    await Promise.race([this.#busy, enough.promise]);
    timer.cancel();
  }

  async #run(): Promise<void> {
    // What else happens in this turn is looked at together.
    await Promise.resolve();
    while (this.#dirty && !this.#stopped) {
      this.#dirty = false;
      try {
        await this.#sync();
        this.#failures = 0;
      } catch (error) {
        if (this.#stopped) break;
        const { namespace, name } = this.#pod.metadata;
        this.#context.logger.warn({ pod: `${namespace}/${name}`, error: errorMessage(error) }, 'syncing a pod failed');
        this.#wakeAfter(retryDelay(this.#failures++));
      }
    }
    this.#busy = undefined;
  }

  #wakeAfter(delayMs: number): void {
    const { clock } = this.#context;
    const atMs = clock.monotonic() + delayMs;
    if (this.#timer && this.#timer.atMs <= atMs) return;
    this.#timer?.timer.cancel();
    const timer = clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.wake();
    });
    this.#timer = { atMs, timer };
  }

  async #sync(): Promise<void> {
    const view = await this.#look();
    const pod = this.#pod;
    if (this.#removed || pod.metadata.deletionTimestamp || this.#cleared) return this.#end();
    this.#checkDeadline(pod);
    const status = this.#tell(view);
    if (isTerminalPhase(status.phase)) return this.#end();
    this.#interrupt = new AbortController();
    if (!(await this.#act(pod, view))) return;
    if (this.#stopped) return;
    this.#tell(await this.#look());
  }

  /** What the runtime has, with probes running for what runs. */
  async #look(): Promise<PodView> {
    const view = viewPod(this.#context.runtime, this.uid);
    this.#probes.follow(this.#pod, view, this.#place(view), this.#context.statuses.current(this.#pod));
    await this.#messages.collect(this.#pod, view);
    return view;
  }

  /** Computes the status and has it written. */
  #tell(view: PodView, ended = false): v1.PodStatus {
    const context = this.#context;
    const pod = this.#pod;
    const status = podStatus({
      pod,
      view,
      waiting: this.#waiting,
      readiness: (id) => this.#probes.readiness(id),
      runtimeName: context.runtimeName,
      terminationMessage: (id) => this.#messages.get(id),
      previous: context.statuses.current(pod),
      hostIP: context.address,
      podIP: (view.sandbox ?? view.sandboxes[0])?.config.ip,
      ended,
      failure: this.#failure,
      nowMs: context.clock.now(),
    });
    context.statuses.set(pod, status);
    return status;
  }

  #checkDeadline({ spec, status }: v1.Pod): void {
    const seconds = spec?.activeDeadlineSeconds;
    if (seconds === undefined || !status?.startTime) return;
    const leftMs = parseTime(status.startTime)! + seconds * 1000 - this.#context.clock.now();
    if (leftMs > 0) {
      this.#wakeAfter(leftMs);
      return;
    }
    const message = 'Pod was active on the node longer than the specified deadline';
    this.#failure ??= { reason: 'DeadlineExceeded', message };
  }

  /** Does what is to be done; returns whether anything was. */
  async #act(pod: v1.Pod, view: PodView): Promise<boolean> {
    const actions = computeActions(pod, view, (id) => this.#probes.verdict(id));
    if (actions.killPod) {
      await this.#end();
      return false;
    }
    await Promise.all(actions.kill.map((target) => this.#kill(pod, view, target)));
    if (actions.start.length === 0 && !this.#refreshDue()) return actions.kill.length > 0;
    const sandbox = view.sandbox ?? (await this.#createSandbox(pod, view));
    const place = this.#place({ ...view, sandbox });
    const references = new References(this.#context.client, pod.metadata.namespace!);
    if (!(await this.#setUpVolumes(pod, place, references))) return true;
    for (const container of actions.start) {
      if (this.#interrupt.signal.aborted) break;
      await this.#start(pod, view, container, sandbox.id, place, references);
    }
    return true;
  }

  async #createSandbox(pod: v1.Pod, view: PodView): Promise<NonNullable<PodView['sandbox']>> {
    const { runtime, addresses, address } = this.#context;
    const { spec, metadata } = pod;
    const id = await runtime.createSandbox({
      podUid: this.uid,
      namespace: metadata.namespace!,
      name: metadata.name!,
      attempt: (view.sandboxes[0]?.config.attempt ?? -1) + 1,
      hostname: spec?.hostname ?? metadata.name!.slice(0, 63),
      ip: spec?.hostNetwork ? address : addresses.allocate(this.uid),
      annotations: { [graceAnnotation]: String(gracePeriodMs(pod)) },
    });
    return runtime.listSandboxes().find((sandbox) => sandbox.id === id)!;
  }

  async #setUpVolumes(pod: v1.Pod, place: PodPlace, references: References): Promise<boolean> {
    const { recorder, volumes, runtime, tokens } = this.#context;
    const { runAsUser, fsGroup } = pod.spec?.securityContext ?? {};
    const owner = runtime.info().runAsUser ? { uid: runAsUser ?? nobody, gid: fsGroup ?? nobody } : undefined;
    try {
      this.#volumes = await volumes.setUp(
        { pod, place, references, token: (projection) => tokens.token(pod, projection) },
        owner,
      );
    } catch (error) {
      if (!(error instanceof ConfigurationError)) throw error;
      recorder.event(pod, 'Warning', 'FailedMount', error.message);
      this.#wakeAfter(retryDelay(this.#mountFailures++));
      return false;
    }
    this.#mountFailures = 0;
    if (usesReferences(pod)) this.#wakeAfter(refreshMs);
    return true;
  }

  /** Volumes of a pod that runs are brought up to date now and then. */
  #refreshDue(): boolean {
    return !this.#timer && usesReferences(this.#pod);
  }

  async #start(
    pod: v1.Pod,
    view: PodView,
    container: v1.Container,
    sandboxId: string,
    place: PodPlace,
    references: References,
  ): Promise<void> {
    const { clock } = this.#context;
    const last = latest(view, container.name);
    const waiting = this.#waiting.get(container.name);
    const situation = `${last?.id} ${definitionOf(container)}`;
    if (waiting?.situation === situation && clock.monotonic() < waiting.untilMs) return;
    const { containerStatuses = [], initContainerStatuses = [], ephemeralContainerStatuses = [] } = pod.status ?? {};
    const before = [...containerStatuses, ...initContainerStatuses, ...ephemeralContainerStatuses].find(
      ({ name }) => name === container.name,
    );
    const problem = await startContainer(this.#context, {
      pod,
      container,
      sandboxId,
      last,
      restartCountBefore: before?.containerID ? before.restartCount : undefined,
      place,
      references,
      volumes: this.#volumes!,
      signal: this.#interrupt.signal,
    });
    if (!problem) {
      this.#waiting.delete(container.name);
      await this.#removeOld(view, container.name);
      return;
    }
    const { reason, message, retryAfterMs } = problem;
    const untilMs = clock.monotonic() + retryAfterMs;
    this.#waiting.set(container.name, { reason, message, situation, untilMs });
    this.#wakeAfter(retryAfterMs);
  }

  /** The one just started is not in `view` yet. */
  async #removeOld(view: PodView, name: string): Promise<void> {
    const old = (view.containers.get(name) ?? []).slice(containersKept - 1);
    for (const { id, state } of old) if (state === 'exited') await this.#context.runtime.removeContainer(id);
  }

  async #kill(pod: v1.Pod, view: PodView, { container, status, message, failedProbe }: ContainerToKill): Promise<void> {
    const target = { pod, container, containerId: status.id, podIP: this.#place(view).podIP };
    const graceMs = gracePeriodMs(pod, container, failedProbe);
    await endContainer(this.#context, target, graceMs, message, this.#interrupt.signal);
  }

  /** Ends the pod, whyever: deleted, completed, failed, vanished. Goes on where an earlier try stopped. */
  async #end(): Promise<void> {
    const { runtime, statuses } = this.#context;
    const gone = (): boolean => this.#removed || this.#pod.metadata.deletionTimestamp !== undefined;
    if (!this.#cleared) {
      this.#graceMs = gracePeriodMs(this.#pod);
      this.#waiting.clear();
      this.#probes.stopKilling();
      await this.#endContainers(viewPod(runtime, this.uid));
      if (this.#stopped) return;
      const view = await this.#look();
      for (const { id, state } of view.sandboxes) if (state === 'ready') await runtime.stopSandbox(id);
      if (!this.#removed) this.#tell(await this.#look(), true);
      // Its log can be read as long as the pod is there.
      if (!gone()) return;
      await this.#clear();
    }
    if (this.#removed) {
      statuses.forget(this.uid);
      this.#stopped = true;
      this.#probes.stop();
      this.#timer?.timer.cancel();
      this.#onFinished();
    } else statuses.remove(this.#pod);
  }

  /** Regular containers together, then sidecars, the last started first. */
  async #endContainers(view: PodView): Promise<void> {
    const { clock, runtime } = this.#context;
    const pod = this.#pod;
    const deadline = clock.monotonic() + this.#graceMs!;
    const interrupt = new AbortController();
    const end = async (container: v1.Container, { id }: ContainerStatus): Promise<void> => {
      const target = { pod, container, containerId: id, podIP: this.#place(view).podIP };
      const leftMs = Math.max(0, Math.min(this.#graceMs!, deadline - clock.monotonic()));
      await endContainer(this.#context, target, leftMs, `Stopping container ${container.name}`, interrupt.signal);
    };
    const runs = (container: v1.Container): ContainerStatus | undefined => {
      const status = latest(view, container.name);
      return status?.state === 'running' ? status : undefined;
    };
    const all = allContainers(pod.spec!);
    const sidecars = (pod.spec!.initContainers ?? []).filter(isSidecar);
    await Promise.all(
      all.filter((c) => !sidecars.includes(c) && runs(c)).map((container) => end(container, runs(container)!)),
    );
    for (const container of sidecars.reverse()) {
      const status = runs(container);
      if (status) await end(container, status);
    }
    // What belongs to no container of the spec, or was about to be replaced.
    const known = new Set(all.map(({ name }) => name));
    for (const [name, statuses] of view.containers) {
      const rest = known.has(name) ? statuses.slice(1) : statuses;
      for (const { id, state } of rest) if (state === 'running') await runtime.stopContainer(id, 0);
    }
  }

  /** A second deletion may leave less time than the first. */
  #shortenGrace(): void {
    if (this.#graceMs === undefined || this.#cleared) return;
    const graceMs = gracePeriodMs(this.#pod);
    if (graceMs >= this.#graceMs) return;
    this.#graceMs = graceMs;
    const { runtime } = this.#context;
    for (const { id, state } of runtime.listContainers({ podUid: this.uid })) {
      if (state === 'running') void runtime.stopContainer(id, graceMs);
    }
  }

  async #clear(): Promise<void> {
    const { runtime, volumes, addresses, crashBackOff, imageBackOff } = this.#context;
    for (const { id } of viewPod(runtime, this.uid).sandboxes) await runtime.removeSandbox(id);
    await volumes.tearDown(this.uid);
    this.#context.tokens.forget(this.uid);
    addresses.release(this.uid);
    crashBackOff.forget(`${this.uid}/`);
    imageBackOff.forget(`${this.uid}/`);
    this.#cleared = true;
  }

  #place(view: PodView): PodPlace {
    const { nodeName, address } = this.#context;
    const sandbox = view.sandbox ?? view.sandboxes[0];
    return {
      nodeName,
      hostIP: address,
      podIP: sandbox?.config.ip ?? address,
      allocatable: this.#context.allocatable(),
    };
  }
}

function retryDelay(failures: number): number {
  return Math.min(failureRetryMsMax, failureRetryMsMin * 2 ** failures);
}

/** Why a container waits; it is let alone until then, or until its situation (last run, definition) is another. */
interface Waiting extends WaitingReason {
  situation: string;
  untilMs: number;
}

/** Whether its volumes show objects of the API, which change. */
function usesReferences({ spec }: v1.Pod): boolean {
  return (spec?.volumes ?? []).some(
    ({ configMap, secret, downwardAPI, projected }) => configMap ?? secret ?? downwardAPI ?? projected,
  );
}
