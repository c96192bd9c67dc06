import type { UnstructuredObject } from '../../../api/index.ts';
import type { Strategy } from './strategy.ts';

interface NamespaceFields {
  spec?: { finalizers?: string[] };
  status?: { phase?: string };
}

const fieldsOf = (object: UnstructuredObject): NamespaceFields => object as unknown as NamespaceFields;

/** A namespace goes in two steps: it is Terminating until its controller has emptied it and taken out the finalizers of the spec. */
export const namespaceStrategy: Strategy = {
  prepareForCreate(object) {
    const namespace = fieldsOf(object);
    const finalizers = namespace.spec?.finalizers ?? [];
    if (!finalizers.includes('kubernetes')) finalizers.push('kubernetes');
    namespace.spec = { ...namespace.spec, finalizers };
    namespace.status = { phase: 'Active' };
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name! };
  },

  prepareForUpdate(object, old) {
    fieldsOf(object).spec = fieldsOf(old).spec;
    if (fieldsOf(old).spec === undefined) delete object['spec'];
    object.metadata.labels = { ...object.metadata.labels, 'kubernetes.io/metadata.name': object.metadata.name! };
  },

  mayGo: (object) => (fieldsOf(object).spec?.finalizers ?? []).length === 0,

  markDeleting(object) {
    const namespace = fieldsOf(object);
    namespace.status = { ...namespace.status, phase: 'Terminating' };
    // A namespace has no grace period: it takes as long as it takes.
    delete object.metadata.deletionGracePeriodSeconds;
  },
};
