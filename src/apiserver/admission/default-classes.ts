import type { networkingv1, UnstructuredObject, v1 } from '../../api/index.ts';
import type { GroupResource, StateReader } from '../registry/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const storageClasses = { group: 'storage.k8s.io', resource: 'storageclasses' };
const ingressClasses = { group: 'networking.k8s.io', resource: 'ingressclasses' };
const BETA_STORAGE_CLASS = 'volume.beta.kubernetes.io/storage-class';
const OLD_INGRESS_CLASS = 'kubernetes.io/ingress.class';

/** Gives a claim that names no class the one that is marked as default. */
export function defaultStorageClass(state: StateReader): AdmissionPlugin {
  return {
    name: 'DefaultStorageClass',
    admit(attributes) {
      if (!isCreated(attributes, '', 'persistentvolumeclaims')) return;
      const { metadata, spec } = attributes.object as unknown as v1.PersistentVolumeClaim;
      if (spec === undefined || spec.storageClassName !== undefined) return;
      if (metadata.annotations?.[BETA_STORAGE_CLASS] !== undefined) return;
      const name = defaultOf(state, storageClasses, [
        'storageclass.kubernetes.io/is-default-class',
        'storageclass.beta.kubernetes.io/is-default-class',
      ]);
      if (name !== undefined) spec.storageClassName = name;
    },
  };
}

/** The same for an Ingress. */
export function defaultIngressClass(state: StateReader): AdmissionPlugin {
  return {
    name: 'DefaultIngressClass',
    admit(attributes) {
      if (!isCreated(attributes, 'networking.k8s.io', 'ingresses')) return;
      const ingress = attributes.object as unknown as networkingv1.Ingress;
      if (ingress.spec?.ingressClassName !== undefined || ingress.metadata.annotations?.[OLD_INGRESS_CLASS]) return;
      const name = defaultOf(state, ingressClasses, ['ingressclass.kubernetes.io/is-default-class']);
      if (name !== undefined) ingress.spec = { ...ingress.spec, ingressClassName: name };
    },
  };
}

function isCreated({ operation, type, subresource }: AdmissionAttributes, group: string, resource: string): boolean {
  return operation === 'CREATE' && type.group === group && type.resource === resource && subresource === undefined;
}

/** Of several the newest counts, of several as new the first by name. */
function defaultOf(state: StateReader, type: GroupResource, annotations: readonly string[]): string | undefined {
  const marked = ({ metadata }: UnstructuredObject): boolean =>
    annotations.some((annotation) => metadata.annotations?.[annotation] === 'true');
  const [newest] = state
    .all(type)
    .map(({ object }) => object)
    .filter(marked)
    .sort((a, b) => (b.metadata.creationTimestamp ?? '').localeCompare(a.metadata.creationTimestamp ?? ''));
  return newest?.metadata.name;
}
