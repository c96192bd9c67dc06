import { podQosClass, type UnstructuredObject, type v1 } from '../../../api/index.ts';
import { takeAppArmorAnnotations } from './pod-app-armor.ts';
import { dropUnsupported } from './pod-fields.ts';
import { mergeLabelKeys } from './pod-label-keys.ts';
import type { Strategy } from './strategy.ts';

const gated: v1.PodCondition = {
  type: 'PodScheduled',
  status: 'False',
  lastProbeTime: null as never,
  lastTransitionTime: null as never,
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

type Pod = v1.Pod & { spec: v1.PodSpec };

const podOf = (object: UnstructuredObject): Pod => object as unknown as Pod;

export const podStrategy: Strategy = {
  generation: true,
  returnsDeleted: true,

  prepareForCreate(object) {
    const pod = podOf(object);
    const { spec, metadata } = pod;
    dropUnsupported(spec);
    mergeLabelKeys(spec, metadata.labels ?? {});
    takeAppArmorAnnotations(spec, metadata.annotations ?? {});
    pod.status = {
      phase: 'Pending',
      qosClass: podQosClass(spec),
      // Nobody else would say so: the scheduler doesn't look at such pods.
      ...(spec.schedulingGates?.length ? { conditions: [gated] } : {}),
    };
  },

  prepareForUpdate(object, old) {
    dropUnsupported(podOf(object).spec, podOf(old).spec);
  },

  prepareForStatusUpdate(object, old) {
    const { status } = podOf(object);
    const { status: before = {} } = podOf(old);
    if (status === undefined) return;
    // What kind of service a pod gets was settled when it was created.
    if (!status.qosClass && before.qosClass) status.qosClass = before.qosClass;
    keepObservedGenerations(status, before);
  },

  gracePeriodSeconds(object, requested) {
    const { spec, status } = podOf(object);
    // Where nothing runs there is nothing to wait for.
    if (!spec.nodeName || status?.phase === 'Failed' || status?.phase === 'Succeeded') return 0;
    const period = requested ?? spec.terminationGracePeriodSeconds ?? 30;
    return period < 0 ? 1 : period;
  },
};

/** Which generation was observed isn't forgotten when an old client, which doesn't know the field, writes the status. */
function keepObservedGenerations(status: v1.PodStatus, before: v1.PodStatus): void {
  if (!status.observedGeneration && before.observedGeneration) status.observedGeneration = before.observedGeneration;
  const known = [...(before.conditions ?? [])];
  for (const condition of status.conditions ?? []) {
    const index = known.findIndex(({ type }) => type === condition.type);
    if (index === -1) continue;
    const [{ observedGeneration }] = known.splice(index, 1) as [v1.PodCondition];
    if (!condition.observedGeneration && observedGeneration) condition.observedGeneration = observedGeneration;
  }
}
