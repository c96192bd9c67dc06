import type { appsv1 } from '../../api/index.ts';
import { desired, maxSurge } from './replica-counts.ts';

type Deployment = appsv1.Deployment;
type ReplicaSet = appsv1.ReplicaSet;
type Annotations = Record<string, string>;

const REVISION = 'deployment.kubernetes.io/revision';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';
const DESIRED_REPLICAS = 'deployment.kubernetes.io/desired-replicas';
const MAX_REPLICAS = 'deployment.kubernetes.io/max-replicas';
/** What a ReplicaSet doesn't take over from its Deployment. */
const NOT_COPIED = new Set([
  'kubectl.kubernetes.io/last-applied-configuration',
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  'deprecated.deployment.rollback.to',
]);
const MAX_HISTORY_LENGTH = 2_000;

/** 0 where there is none. */
export function revisionOf({ metadata }: Deployment | ReplicaSet): number {
  return integer(metadata.annotations?.[REVISION]) ?? 0;
}

export function withRevision(deployment: Deployment, revision: number): Annotations {
  return { ...deployment.metadata.annotations, [REVISION]: String(revision) };
}

/** How many pods the Deployment wanted when this ReplicaSet was last scaled. */
export function desiredAtLastScaling({ metadata }: ReplicaSet): number | undefined {
  return integer(metadata.annotations?.[DESIRED_REPLICAS]);
}

/** How many pods the Deployment could have had when this ReplicaSet was last scaled. */
export function maxAtLastScaling({ metadata }: ReplicaSet): number | undefined {
  return integer(metadata.annotations?.[MAX_REPLICAS]);
}

/** What is to be written down when a ReplicaSet is scaled. */
export function scalingAnnotations(deployment: Deployment): Annotations {
  return {
    [DESIRED_REPLICAS]: String(desired(deployment)),
    [MAX_REPLICAS]: String(desired(deployment) + maxSurge(deployment)),
  };
}

/** The annotations that the newest ReplicaSet, new or used again, should have. */
export function newReplicaSetAnnotations(
  deployment: Deployment,
  current: Annotations | undefined,
  revision: number,
): Annotations {
  const result: Annotations = { ...current };
  for (const [name, value] of Object.entries(deployment.metadata.annotations ?? {})) {
    if (!NOT_COPIED.has(name)) result[name] = value;
  }
  const old = integer(result[REVISION]);
  if (old === undefined || old < revision) {
    result[REVISION] = String(revision);
    if (old !== undefined) result[REVISION_HISTORY] = historyWith(result[REVISION_HISTORY], old);
  }
  return result;
}

/** The revisions that a ReplicaSet had before, oldest first; the oldest go when it gets long. */
function historyWith(history: string | undefined, revision: number): string {
  const revisions = history ? history.split(',') : [];
  revisions.push(String(revision));
  while (revisions.join(',').length > MAX_HISTORY_LENGTH) revisions.shift();
  return revisions.join(',');
}

export function sameAnnotations(a: Annotations | undefined, b: Annotations): boolean {
  const names = Object.keys(b);
  return names.length === Object.keys(a ?? {}).length && names.every((name) => a?.[name] === b[name]);
}

function integer(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
