import { type appsv1, resources } from '../../api/index.ts';
import type { Client, EventRecorder } from '../../client/index.ts';
import { sameAnnotations, scalingAnnotations } from './annotations.ts';
import { desired } from './replica-counts.ts';
import type { Resize } from './scaling.ts';

type Deployment = appsv1.Deployment;
type ReplicaSet = appsv1.ReplicaSet;

/** One round of reconciling a Deployment: the object, as it was last read or written, and the writes on its behalf. */
export class DeploymentRound {
  readonly client: Client;
  readonly recorder: EventRecorder;
  readonly signal: AbortSignal;
  readonly now: number;
  deployment: Deployment;
  /** To be called with each ReplicaSet as it was written. */
  readonly wrote: (replicaSet: ReplicaSet) => void;

  constructor(
    client: Client,
    recorder: EventRecorder,
    signal: AbortSignal,
    now: number,
    deployment: Deployment,
    wrote: (replicaSet: ReplicaSet) => void,
  ) {
    this.client = client;
    this.recorder = recorder;
    this.signal = signal;
    this.now = now;
    this.deployment = deployment;
    this.wrote = wrote;
  }

  /** Annotations go along with the status: changed otherwise, they would count as a change of what is wanted. */
  async writeStatus(
    status: appsv1.DeploymentStatus | undefined,
    annotations: Record<string, string> | undefined = this.deployment.metadata.annotations,
  ): Promise<void> {
    const metadata = { ...this.deployment.metadata, ...(annotations === undefined ? {} : { annotations }) };
    const changed = { ...this.deployment, metadata, ...(status === undefined ? {} : { status }) };
    const options = { subresource: 'status', signal: this.signal };
    this.deployment = await this.client.update(resources.deployments, changed, options);
  }

  /** Gives ReplicaSets their sizes and tells of it. Whether any changed. */
  async resize(resizes: readonly Resize[]): Promise<boolean> {
    let changed = false;
    for (const resize of resizes) changed = (await this.#resize(resize)) || changed;
    return changed;
  }

  async #resize({ replicaSet, replicas }: Resize): Promise<boolean> {
    const before = desired(replicaSet);
    const annotations = { ...replicaSet.metadata.annotations, ...scalingAnnotations(this.deployment) };
    if (before === replicas && sameAnnotations(replicaSet.metadata.annotations, annotations)) return false;
    const updated: ReplicaSet = {
      ...replicaSet,
      metadata: { ...replicaSet.metadata, annotations },
      spec: { ...replicaSet.spec!, replicas },
    };
    this.wrote(await this.client.update(resources.replicaSets, updated, { signal: this.signal }));
    if (before === replicas) return false;
    const direction = before < replicas ? 'up' : 'down';
    const message = `Scaled ${direction} replica set ${replicaSet.metadata.name} from ${before} to ${replicas}`;
    this.recorder.event(this.deployment, 'Normal', 'ScalingReplicaSet', message);
    return true;
  }
}
