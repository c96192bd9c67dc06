import type { KubernetesObject } from '../../api/index.ts';
import type { Fence } from '../../client/index.ts';
import type { Change } from '../checks/index.ts';
import { check, Violation } from '../violation.ts';
import { CONTROLLER_LEASE } from './control-planes.ts';
import { controllerUid, type Deployment, isActive, mostPods, type Pod, prefixes, type ReplicaSet } from './objects.ts';
import type { Write, WriteListener } from './witness.ts';

const FENCE_KEY = `/keelson/fences/kube-system/${CONTROLLER_LEASE}`;
/** Written by a component in its own name, whether or not it leads. */
const UNFENCED = new Set(['leases.coordination.k8s.io', 'events']);

/** What somebody who plans pods had been told to plan, as far as he may go by it. */
class Plan {
  /** By generation: the most pods at a time. Older ones than the last that was observed don't count any more. */
  readonly #most = new Map<number, number>();
  /** Pods asked for now. */
  replicas = 0;

  update(generation: number, observed: number, replicas: number, most: number): void {
    this.replicas = replicas;
    this.#most.set(generation, most);
    for (const known of this.#most.keys()) if (known < observed) this.#most.delete(known);
  }

  get most(): number {
    return Math.max(...this.#most.values());
  }
}

interface KnownReplicaSet {
  uid: string;
  deployment: string | undefined;
  plan: Plan;
}

/**
 * Holds the store's history, revision by revision, against what controllers promise: whoever writes holds the Lease at that
 * revision; its holders' count only grows; no ReplicaSet has more pods, and no Deployment asks for more, than its spec allows
 * (one that its controller may still go by), for a single moment.
 */
export class ControlPlaneChecker implements WriteListener {
  readonly counts = { controllerWrites: 0, podsCounted: 0 };
  readonly #fail: (violation: unknown) => void;
  /** Who held the Lease, and from which revision on; in order. */
  readonly #holders: { from: number; value: string }[] = [];
  readonly #waiting: (Write & { fence: Fence; revision: number })[] = [];
  readonly #deployments = new Map<string, Plan>();
  /** By key. */
  readonly #replicaSets = new Map<string, KnownReplicaSet>();
  /** Active ones, by key: whose they are. */
  readonly #pods = new Map<string, string | undefined>();
  /** By owner, ReplicaSet or Deployment: pods that may yet be made, or asked for, by writes that were not answered. */
  readonly #uncertain = new Map<string, number>();
  /** Something happened that nobody told of: what is known may be out of date. */
  #isBlind = false;

  constructor(fail: (violation: unknown) => void) {
    this.#fail = fail;
  }

  onWritten(write: Write): void {
    const { resource, fence, object } = write;
    if (fence === undefined) {
      if (!UNFENCED.has(resource))
        this.#fail(new Violation(`fencing: a controller wrote ${nameOf(write)} without its lease`));
      return;
    }
    const revision = Number(object.metadata?.resourceVersion);
    if (Number.isInteger(revision)) this.#waiting.push({ ...write, fence, revision });
  }

  onUncertain({ resource, object }: Write): void {
    const owner = controllerUid(object);
    if (owner === undefined) return;
    const pods = resource === 'pods' ? 1 : ((object as ReplicaSet).spec?.replicas ?? 0);
    this.#uncertain.set(owner, this.#uncertainOf(owner) + pods);
  }

  /** A revision, the first time that it is heard of; in order. */
  follow(revision: number, changes: readonly Change[], isAfterGap: boolean): void {
    if (isAfterGap) this.#isBlind = true;
    for (const change of changes) {
      const { key } = change;
      if (key === FENCE_KEY) this.#followHolder(change, revision);
      else if (key.startsWith(prefixes.deployments)) this.#followDeployment(change);
      else if (key.startsWith(prefixes.replicaSets)) this.#followReplicaSet(change);
      else if (key.startsWith(prefixes.pods)) this.#followPod(change);
    }
    for (let i = this.#waiting.length - 1; i >= 0; i--) {
      if (this.#waiting[i]!.revision <= revision) this.#checkFence(this.#waiting.splice(i, 1)[0]!);
    }
  }

  #uncertainOf(owner: string | undefined): number {
    return this.#uncertain.get(owner ?? '') ?? 0;
  }

  #followHolder({ type, value }: Change, revision: number): void {
    const before = this.#holders.at(-1);
    this.#holders.push({ from: revision, value });
    if (type === 'delete' || before === undefined) return;
    check(
      transitionsOf(value) > transitionsOf(before.value) || isRelease(value, before.value),
      () => `fencing: after ${before.value} the lease was held as ${value}`,
    );
  }

  #checkFence(write: Write & { fence: Fence; revision: number }): void {
    const { fence, revision } = write;
    const own = `${fence.holderIdentity}/${fence.leaseTransitions}`;
    const acquired = this.#holders.find(({ value }) => value === own)?.from;
    // What was so before it led, it found and did not write. And what nobody told of can't be judged.
    if (acquired === undefined || revision < acquired || this.#isBlind) return;
    this.counts.controllerWrites += 1;
    const holder = this.#holders.findLast(({ from }) => from <= revision)!.value;
    check(holder === own, () => `fencing: ${own} wrote ${nameOf(write)} at ${revision}, when ${holder} held the lease`);
  }

  #followDeployment(change: Change): void {
    if (change.type === 'delete') return;
    const deployment = decode<Deployment>(change);
    const { uid = '', generation = 0 } = deployment.metadata;
    const plan = this.#deployments.get(uid) ?? new Plan();
    this.#deployments.set(uid, plan);
    plan.update(
      generation,
      deployment.status?.observedGeneration ?? 0,
      deployment.spec!.replicas ?? 1,
      mostPods(deployment),
    );
  }

  #followReplicaSet(change: Change): void {
    const { key, type } = change;
    if (type === 'delete') {
      this.#replicaSets.delete(key);
      return;
    }
    const replicaSet = decode<ReplicaSet>(change);
    const { uid = '', generation = 0 } = replicaSet.metadata;
    const replicas = replicaSet.spec!.replicas ?? 1;
    let known = this.#replicaSets.get(key);
    if (known?.uid !== uid) {
      known = { uid, deployment: controllerUid(replicaSet), plan: new Plan() };
      this.#replicaSets.set(key, known);
    }
    const grows = replicas > known.plan.replicas;
    known.plan.update(generation, replicaSet.status?.observedGeneration ?? 0, replicas, replicas);
    const { deployment } = known;
    const plan = this.#deployments.get(deployment ?? '');
    if (!grows || plan === undefined || this.#isBlind) return;
    const siblings = [...this.#replicaSets.values()].filter((other) => other.deployment === deployment);
    const total = siblings.reduce((sum, sibling) => sum + sibling.plan.replicas, 0);
    const most = plan.most + this.#uncertainOf(deployment);
    check(total <= most, () => `surge: with ${key} grown to ${replicas}, ${total} pods are asked for, of ${most}`);
  }

  #followPod(change: Change): void {
    const { key, type } = change;
    const pod = type === 'put' ? decode<Pod>(change) : undefined;
    if (pod === undefined || !isActive(pod)) {
      this.#pods.delete(key);
      return;
    }
    const isNew = !this.#pods.has(key);
    const owner = controllerUid(pod);
    this.#pods.set(key, owner);
    const replicaSet = [...this.#replicaSets.values()].find(({ uid }) => uid === owner);
    if (!isNew || replicaSet === undefined || this.#isBlind) return;
    this.counts.podsCounted += 1;
    const count = [...this.#pods.values()].filter((other) => other === owner).length;
    const most = replicaSet.plan.most + this.#uncertainOf(owner);
    check(count <= most, () => `replicas: ${key} is pod ${count} of a ReplicaSet of ${most}`);
  }
}

/** The value of a fence: holder and transitions. */
function transitionsOf(value: string): number {
  return Number(value.slice(value.lastIndexOf('/') + 1));
}

/** Given up by its holder: nobody has it, and nobody has taken it over. */
function isRelease(value: string, before: string): boolean {
  return value.startsWith('/') && transitionsOf(value) === transitionsOf(before);
}

function decode<T extends KubernetesObject>({ value }: Change): T {
  return JSON.parse(Buffer.from(value, 'latin1').toString()) as T;
}

function nameOf({ resource, object }: Write): string {
  return `${resource} ${object.metadata?.name ?? ''}`;
}
