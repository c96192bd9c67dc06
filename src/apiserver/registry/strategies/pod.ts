import type { UnstructuredObject } from '../../../api/index.ts';
import { podQosClass } from './pod-qos.ts';
import type { Strategy } from './strategy.ts';

interface PodFields {
  spec: { nodeName?: string; terminationGracePeriodSeconds?: number; schedulingGates?: unknown[] } & Record<
    string,
    unknown
  >;
  status?: { phase?: string };
}

const gated = {
  type: 'PodScheduled',
  status: 'False',
  lastProbeTime: null,
  lastTransitionTime: null,
  reason: 'SchedulingGated',
  message: 'Scheduling is blocked due to non-empty scheduling gates',
};

const fieldsOf = (object: UnstructuredObject): PodFields => object as unknown as PodFields;

export const podStrategy: Strategy = {
  generation: true,
  returnsDeleted: true,

  prepareForCreate(object) {
    const { spec } = fieldsOf(object);
    object['status'] = {
      phase: 'Pending',
      qosClass: podQosClass(spec),
      // Nobody else would say so: the scheduler doesn't look at such pods.
      ...(spec.schedulingGates?.length ? { conditions: [gated] } : {}),
    };
  },

  prepareForStatusUpdate(object, old) {
    // What kind of service a pod gets was settled when it was created.
    const { status } = object as { status?: { qosClass?: unknown } };
    const { status: before } = old as { status?: { qosClass?: unknown } };
    if (status && !status.qosClass && before?.qosClass) status.qosClass = before.qosClass;
  },

  gracePeriodSeconds(object, requested) {
    const { spec, status } = fieldsOf(object);
    // Where nothing runs there is nothing to wait for.
    if (!spec.nodeName || status?.phase === 'Failed' || status?.phase === 'Succeeded') return 0;
    const period = requested ?? spec.terminationGracePeriodSeconds ?? 30;
    return period < 0 ? 1 : period;
  },
};
