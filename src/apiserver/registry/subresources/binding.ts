import {
  clonePlain,
  errors,
  type FieldError,
  fieldPath,
  formatTime,
  type KubernetesObject,
  notSupported,
  required,
  type UnstructuredObject,
} from '../../../api/index.ts';
import type { Clock } from '../../../base/index.ts';
import { commit } from '../commit.ts';
import { ComputedObject } from '../encoded.ts';
import { checkPreconditions } from '../preconditions.ts';
import { storageOf } from '../storage.ts';
import type { Encoded, Registry } from '../types.ts';
import { check, confirmSubresource, putDecision, scopeOf, type WriteContext } from '../write-stages.ts';

interface Binding extends KubernetesObject {
  target?: { kind?: string; name?: string };
}

interface Pod extends UnstructuredObject {
  spec: { nodeName?: string; schedulingGates?: unknown[] };
  status?: { conditions?: Condition[]; nominatedNodeName?: string };
}

interface Condition {
  type: string;
  status: string;
  lastProbeTime?: string | null;
  lastTransitionTime?: string;
  observedGeneration?: number;
}

const resource = { group: '', resource: 'pods/binding' };

/** POST of a Binding: gives a pod its node, once. Answers with a Status. */
export async function bindPod(
  context: WriteContext,
  request: Parameters<Registry['create']>[0] & { name: string },
): Promise<Encoded> {
  const { type, name } = request;
  const scope = scopeOf(request, storageOf(type));
  const binding = check(request.object, scope) as Binding;
  const node = binding.target?.name ?? '';
  const problems = problemsOf(binding);
  if (problems.length > 0) throw errors.invalid({ group: '', kind: 'Binding' }, name, problems);
  await commit(context, scope, name, async (current) => {
    if (current === undefined) throw errors.notFound(type, name);
    const old = current.object as Pod;
    const guards = await confirmSubresource(context, scope, name, binding as unknown as UnstructuredObject, old);
    checkBindable(old, binding);
    const draft = bound(old, node, binding.metadata?.annotations, context.clock);
    return putDecision(context, scope, draft, {}, guards);
  });
  return new ComputedObject({ ...errors.successStatus(), code: 201 } as unknown as KubernetesObject);
}

function problemsOf({ target = {} }: Binding): FieldError[] {
  const path = fieldPath('target');
  const problems: FieldError[] = [];
  if (target.kind && target.kind !== 'Node') {
    problems.push(notSupported(path.child('kind'), target.kind, ['Node', '<empty>']));
  }
  if (!target.name) problems.push(required(path.child('name')));
  return problems;
}

function checkBindable(pod: Pod, { metadata }: Binding): void {
  const { name = '', deletionTimestamp } = pod.metadata;
  checkPreconditions(resource, pod, { uid: metadata?.uid });
  if (deletionTimestamp) {
    throw errors.conflict(resource, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  }
  if (pod.spec.nodeName) {
    throw errors.conflict(resource, name, `pod ${name} is already assigned to node "${pod.spec.nodeName}"`);
  }
  if (pod.spec.schedulingGates?.length) {
    throw errors.conflict(resource, name, `pod ${name} has non-empty .spec.schedulingGates`);
  }
}

function bound(old: Pod, node: string, annotations: Record<string, string> | undefined, clock: Clock): Pod {
  const draft = clonePlain(old);
  draft.spec.nodeName = node;
  if (annotations !== undefined) draft.metadata.annotations = { ...draft.metadata.annotations, ...annotations };
  const { generation } = draft.metadata;
  const scheduled = {
    type: 'PodScheduled',
    status: 'True',
    lastProbeTime: null,
    lastTransitionTime: formatTime(clock.now()),
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
  const others = (draft.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled');
  // A node that was in view for the pod is so no longer, now that it has one.
  const { nominatedNodeName: _, ...status } = draft.status ?? {};
  draft.status = { ...status, conditions: [...others, scheduled] };
  return draft;
}
