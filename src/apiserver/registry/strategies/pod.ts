import type { UnstructuredObject } from '../../../api/index.ts';
import { podQosClass } from './pod-qos.ts';
import type { Strategy } from './strategy.ts';

interface PodFields {
  spec: { nodeName?: string; terminationGracePeriodSeconds?: number } & Record<string, unknown>;
  status?: { phase?: string };
}

const fieldsOf = (object: UnstructuredObject): PodFields => object as unknown as PodFields;

export const podStrategy: Strategy = {
  generation: true,
  returnsDeleted: true,

  prepareForCreate(object) {
    object['status'] = { phase: 'Pending', qosClass: podQosClass(fieldsOf(object).spec) };
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
