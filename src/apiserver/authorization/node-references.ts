import type { v1 } from '../../api/index.ts';
import type { StateReader, StoredState } from '../registry/types.ts';

const pods = { group: '', resource: 'pods' };
const claims = { group: '', resource: 'persistentvolumeclaims' };
const volumes = { group: '', resource: 'persistentvolumes' };
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

/** Kinds that a node may read only as far as its pods need them. */
export type ReferredKind =
  | 'configmaps'
  | 'persistentvolumeclaims'
  | 'persistentvolumes'
  | 'resourceclaims'
  | 'secrets'
  | 'serviceaccounts';

/** Whether a pod of the node, or a volume that one of them claims, refers to the object. */
export function nodeNeeds(
  state: StateReader,
  node: string,
  kind: ReferredKind,
  namespace: string | undefined,
  name: string,
): boolean {
  if (kind === 'persistentvolumes') return podsOf(state, node).some((pod) => volumesOf(state, pod).has(name));
  return podsOf(state, node, namespace).some(
    (pod) => pod.references[kind].has(name) || (kind === 'secrets' && volumeSecrets(state, pod).has(name)),
  );
}

/** What is to be known of a pod here. */
interface PodNeeds {
  node: string;
  namespace: string | undefined;
  references: References;
}

// Pods are many, and a kubelet asks often: each version of one is looked into once.
const known = new WeakMap<StoredState, PodNeeds>();

function podsOf(state: StateReader, node: string, namespace?: string): PodNeeds[] {
  return state
    .all(pods, namespace)
    .map((stored) => {
      const needs = known.get(stored) ?? needsOf(stored.object as unknown as v1.Pod);
      known.set(stored, needs);
      return needs;
    })
    .filter((pod) => pod.node === node);
}

/** A pod that a node made up, to show what it runs by itself, gives it nothing. */
function needsOf(pod: v1.Pod): PodNeeds {
  const { metadata, spec } = pod;
  const node = metadata.annotations?.[MIRROR_ANNOTATION] === undefined ? (spec?.nodeName ?? '') : '';
  return { node, namespace: metadata.namespace, references: node === '' ? nothing : references(pod) };
}

type References = Readonly<Record<Exclude<ReferredKind, 'persistentvolumes'>, ReadonlySet<string>>>;

const none: ReadonlySet<string> = new Set();
const nothing: References = {
  configmaps: none,
  persistentvolumeclaims: none,
  resourceclaims: none,
  secrets: none,
  serviceaccounts: none,
};

/** The names, in its own namespace, of all that a pod refers to. */
function references({ metadata, spec, status }: v1.Pod): References {
  const found = {
    configmaps: new Set<string>(),
    persistentvolumeclaims: new Set<string>(),
    resourceclaims: new Set<string>(),
    secrets: new Set<string>(),
    serviceaccounts: new Set<string>(),
  };
  const add = (kind: keyof typeof found, name: string | undefined): void => {
    if (name) found[kind].add(name);
  };
  add('serviceaccounts', spec?.serviceAccountName);
  for (const { name } of spec?.imagePullSecrets ?? []) add('secrets', name);
  const containers = [
    ...(spec?.initContainers ?? []),
    ...(spec?.containers ?? []),
    ...(spec?.ephemeralContainers ?? []),
  ];
  for (const { env, envFrom } of containers) {
    for (const { valueFrom } of env ?? []) {
      add('configmaps', valueFrom?.configMapKeyRef?.name);
      add('secrets', valueFrom?.secretKeyRef?.name);
    }
    for (const { configMapRef, secretRef } of envFrom ?? []) {
      add('configmaps', configMapRef?.name);
      add('secrets', secretRef?.name);
    }
  }
  for (const volume of spec?.volumes ?? []) {
    add('configmaps', volume.configMap?.name);
    add('secrets', volume.secret?.secretName);
    add('persistentvolumeclaims', volume.persistentVolumeClaim?.claimName);
    if (volume.ephemeral) add('persistentvolumeclaims', `${metadata.name}-${volume.name}`);
    for (const { configMap, secret } of volume.projected?.sources ?? []) {
      add('configmaps', configMap?.name);
      add('secrets', secret?.name);
    }
    for (const name of sourceSecrets(volume)) add('secrets', name);
  }
  for (const { resourceClaimName } of spec?.resourceClaims ?? []) add('resourceclaims', resourceClaimName);
  for (const { resourceClaimName } of status?.resourceClaimStatuses ?? []) add('resourceclaims', resourceClaimName);
  return found;
}

interface SecretReference {
  name?: string;
}

/** The secrets with which a storage system lets itself be used, whatever system it is. */
function sourceSecrets(volume: object): string[] {
  return Object.values(volume).flatMap((source: unknown) => {
    const { secretRef, nodePublishSecretRef, nodeStageSecretRef, nodeExpandSecretRef, secretName } = (source ??
      {}) as Record<string, SecretReference> & { secretName?: string };
    const named = [secretRef, nodePublishSecretRef, nodeStageSecretRef, nodeExpandSecretRef].map((each) => each?.name);
    return [...named, typeof secretName === 'string' ? secretName : undefined].filter((name) => name !== undefined);
  });
}

function volumesOf(state: StateReader, { namespace, references: { persistentvolumeclaims } }: PodNeeds): Set<string> {
  const names = [...persistentvolumeclaims].map((name) => {
    const claim = state.lookup(claims, namespace, name)?.object as v1.PersistentVolumeClaim | undefined;
    return claim?.spec?.volumeName;
  });
  return new Set(names.filter((name) => name !== undefined));
}

function volumeSecrets(state: StateReader, pod: PodNeeds): Set<string> {
  const secrets = [...volumesOf(state, pod)].flatMap((name) => {
    const { spec } = (state.lookup(volumes, undefined, name)?.object ?? {}) as { spec?: object };
    return sourceSecrets(spec ?? {});
  });
  return new Set(secrets);
}
