import { errors, generateName, type UnstructuredObject } from '../../api/index.ts';
import type { Random } from '../../base/index.ts';
import type { StateReader } from '../registry/types.ts';
import { newPodSpec } from './pod-spec.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const serviceAccounts = { group: '', resource: 'serviceaccounts' };
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

/** Where programs look for their pod's token, as client libraries have it. */
const TOKEN_MOUNT_PATH = '/var/run/secrets/kubernetes.io/serviceaccount';
const VOLUME_PREFIX = 'kube-api-access-';
/** An hour and a few seconds, by which the server knows that the token was not asked for by a user. */
const TOKEN_SECONDS = 3607;

interface PodSpec {
  serviceAccountName?: string;
  serviceAccount?: string;
  automountServiceAccountToken?: boolean;
  imagePullSecrets?: { name?: string }[];
  volumes?: Volume[];
  containers?: Container[];
  initContainers?: Container[];
}

interface Volume {
  name: string;
  secret?: unknown;
  projected?: { sources?: { serviceAccountToken?: unknown; secret?: unknown }[] };
}

interface Container {
  volumeMounts?: { name: string; mountPath: string; readOnly?: boolean }[];
}

interface ServiceAccount {
  automountServiceAccountToken?: boolean;
  imagePullSecrets?: { name?: string }[];
}

/**
 * Every pod runs as a service account, which must be there, and from which it has the secrets to pull images with. With `random`
 * its containers also find a token of that account.
 */
export function serviceAccount(state: StateReader, random?: Random): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    async admit(attributes) {
      const { type, namespace, name, object } = attributes;
      const spec = newPodSpec<PodSpec>(attributes);
      if (spec === undefined) return;
      if (isMirror(object!)) {
        checkMirror(attributes, spec);
        return;
      }
      spec.serviceAccountName ||= spec.serviceAccount || 'default';
      spec.serviceAccount = spec.serviceAccountName;
      const account = spec.serviceAccountName;
      if (state.lookup(serviceAccounts, namespace, account) === undefined) await state.fresh();
      const found = state.lookup(serviceAccounts, namespace, account)?.object as ServiceAccount | undefined;
      if (found === undefined) {
        throw errors.forbidden(
          type,
          name,
          `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`,
        );
      }
      if (random !== undefined && (spec.automountServiceAccountToken ?? found.automountServiceAccountToken ?? true)) {
        mountToken(spec, random);
      }
      if (!spec.imagePullSecrets?.length && found.imagePullSecrets?.length) {
        spec.imagePullSecrets = found.imagePullSecrets.map(({ name: secret }) => (secret ? { name: secret } : {}));
      }
    },
  };
}

/** Shows the token to all containers that have nothing else in its place. */
function mountToken(spec: PodSpec, random: Random): void {
  const present = spec.volumes?.find((volume) => volume.name.startsWith(VOLUME_PREFIX));
  const name = present?.name ?? generateName(VOLUME_PREFIX, random);
  let needed = false;
  for (const container of [...(spec.initContainers ?? []), ...(spec.containers ?? [])]) {
    if (container.volumeMounts?.some(({ mountPath }) => mountPath === TOKEN_MOUNT_PATH)) continue;
    const mount = { name, readOnly: true, mountPath: TOKEN_MOUNT_PATH };
    container.volumeMounts = [...(container.volumeMounts ?? []), mount];
    needed = true;
  }
  if (needed && present === undefined) spec.volumes = [...(spec.volumes ?? []), tokenVolume(name)];
}

function tokenVolume(name: string): Volume {
  const namespace = { path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } };
  const projected = {
    defaultMode: 0o644,
    sources: [
      { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      { downwardAPI: { items: [namespace] } },
    ],
  };
  return { name, projected };
}

/** The API's picture of a pod that a node runs on its own. */
function isMirror({ metadata }: UnstructuredObject): boolean {
  return metadata.annotations !== undefined && MIRROR_ANNOTATION in metadata.annotations;
}

/** A node could else come by what is only for pods that were given to it. */
function checkMirror({ type, name }: AdmissionAttributes, spec: PodSpec): void {
  const refuse = (text: string): void => {
    throw errors.forbidden(type, name, text);
  };
  if (spec.serviceAccountName) refuse('a mirror pod may not reference service accounts');
  for (const { secret, projected } of spec.volumes ?? []) {
    if (secret) refuse('a mirror pod may not reference secrets');
    const sources = projected?.sources ?? [];
    if (sources.some((source) => source.secret)) refuse('a mirror pod may not reference secrets');
    if (sources.some((source) => source.serviceAccountToken)) {
      refuse('a mirror pod may not use service account token volume projections');
    }
  }
}
