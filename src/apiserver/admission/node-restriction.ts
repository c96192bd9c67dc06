import { errors, type UnstructuredObject, type v1 } from '../../api/index.ts';
import { nodeOf } from '../authorization/index.ts';
import type { StateReader } from '../registry/types.ts';
import { forbiddenLabels } from './node-labels.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
const pods = { group: '', resource: 'pods' };

interface Pod {
  spec?: { nodeName?: string };
}

interface TokenRequest {
  spec?: { boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string } | null };
}

/** Nodes write only what is theirs: their Node, Lease and CSINode, and the pods bound to them. */
export function nodeRestriction(state: StateReader): AdmissionPlugin {
  const rules: Readonly<Record<string, (attributes: AdmissionAttributes, node: string) => void | Promise<void>>> = {
    '/nodes': checkNode,
    '/pods': checkPod,
    'coordination.k8s.io/leases': checkLease,
    'storage.k8s.io/csinodes': checkOwn,
    '/serviceaccounts': checkToken,
  };
  return {
    name: 'NodeRestriction',
    async admit(attributes) {
      const node = nodeOf(attributes.user);
      if (node === undefined) return;
      const rule = rules[`${attributes.type.group}/${attributes.type.resource}`];
      if (rule === undefined) return;
      if (node === '') throw refusal(attributes, `could not determine node from user "${attributes.user.name}"`);
      await rule(attributes, node);
    },
  };

  /** A node gets tokens only for pods that it runs. */
  async function checkToken(attributes: AdmissionAttributes, node: string): Promise<void> {
    const { operation, subresource, namespace, object } = attributes;
    if (operation !== 'CREATE' || subresource !== 'token') return;
    const { kind, apiVersion, name, uid } = (object as TokenRequest).spec?.boundObjectRef ?? {};
    if (kind !== 'Pod' || apiVersion !== 'v1' || !name) {
      throw refusal(attributes, 'node requested token not bound to a pod');
    }
    if (!uid) throw refusal(attributes, 'node requested token with a pod binding without a uid');
    const find = () => state.lookup(pods, namespace, name)?.object;
    if (find()?.metadata.uid !== uid) await state.fresh();
    const pod = find();
    if (pod === undefined) throw errors.notFound(pods, name);
    if (pod.metadata.uid !== uid) {
      const text = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
      throw errors.conflict({ group: '', resource: 'Pod' }, name, text);
    }
    if ((pod as Pod).spec?.nodeName !== node) {
      throw refusal(attributes, 'node requested token bound to a pod scheduled on a different node');
    }
  }

  function checkPod(attributes: AdmissionAttributes, node: string): void {
    const { operation, subresource, namespace, name, object, old } = attributes;
    if (operation === 'CREATE' && subresource === undefined) {
      checkMirrorPod(attributes, node);
      return;
    }
    if (operation === 'UPDATE' && subresource !== 'status') {
      throw refusal(attributes, `node "${node}" can only update pod status`);
    }
    if (operation === 'CREATE' && subresource !== 'eviction') {
      throw refusal(
        attributes,
        `unexpected pod subresource "${subresource}", only "status" and "eviction" are allowed`,
      );
    }
    const pod = (old ?? state.lookup(pods, namespace, name)?.object) as Pod | undefined;
    if (pod !== undefined && pod.spec?.nodeName !== node) {
      throw refusal(attributes, `node "${node}" can only change pods with spec.nodeName set to itself`);
    }
    const labels = (of: UnstructuredObject | undefined): string => JSON.stringify(of?.metadata.labels ?? {});
    if (operation === 'UPDATE' && labels(object) !== labels(old)) {
      throw refusal(attributes, `node "${node}" cannot update labels through pod status`);
    }
  }
}

/** A node may only create pictures of pods that it runs on its own. */
function checkMirrorPod(attributes: AdmissionAttributes, node: string): void {
  const { object } = attributes;
  if (object?.metadata.annotations?.[MIRROR_ANNOTATION] === undefined) {
    throw refusal(
      attributes,
      `pod does not have "${MIRROR_ANNOTATION}" annotation, node "${node}" can only create mirror pods`,
    );
  }
  const { spec } = object as unknown as v1.Pod;
  if (spec?.nodeName !== node) {
    throw refusal(attributes, `node "${node}" can only create pods with spec.nodeName set to itself`);
  }
  const [referenced] = referencedBy(spec);
  if (referenced !== undefined) {
    throw refusal(attributes, `node "${node}" can not create pods that reference ${referenced}`);
  }
}

/** Objects that a pod gets at: a node could read through one what it may not read itself. */
function referencedBy(spec: v1.PodSpec): string[] {
  const found: string[] = [];
  if (spec.serviceAccountName) found.push('a service account');
  const containers = [...spec.containers, ...(spec.initContainers ?? [])];
  const sources = containers.flatMap(({ env = [], envFrom = [] }) => [
    ...env.map(({ valueFrom }) => ({ secret: valueFrom?.secretKeyRef, configMap: valueFrom?.configMapKeyRef })),
    ...envFrom.map(({ secretRef, configMapRef }) => ({ secret: secretRef, configMap: configMapRef })),
  ]);
  const volumes = spec.volumes ?? [];
  const projected = volumes.flatMap((volume) => volume.projected?.sources ?? []);
  const all = [...sources, ...volumes, ...projected];
  if (spec.imagePullSecrets?.length || all.some(({ secret }) => secret !== undefined)) found.push('secrets');
  if (all.some(({ configMap }) => configMap !== undefined)) found.push('configmaps');
  if (projected.some(({ serviceAccountToken }) => serviceAccountToken !== undefined)) found.push('a service account');
  if (volumes.some(({ persistentVolumeClaim }) => persistentVolumeClaim !== undefined)) {
    found.push('persistentvolumeclaims');
  }
  return found;
}

function checkNode(attributes: AdmissionAttributes, node: string): void {
  checkOwn(attributes, node);
  const { operation, subresource, object, old } = attributes;
  if (operation === 'DELETE') return;
  const labels = forbiddenLabels(object?.metadata.labels, old?.metadata.labels).join(', ');
  if (labels !== '' && operation === 'CREATE') {
    throw refusal(attributes, `node "${node}" is not allowed to set the following labels: ${labels}`);
  }
  if (labels !== '') throw refusal(attributes, `is not allowed to modify labels: ${labels}`);
  if (operation !== 'UPDATE' || subresource !== undefined) return;
  const taints = (of: UnstructuredObject | undefined): string =>
    JSON.stringify((of as { spec?: { taints?: unknown } } | undefined)?.spec?.taints ?? []);
  if (taints(object) !== taints(old)) throw refusal(attributes, `node "${node}" is not allowed to modify taints`);
}

function checkLease(attributes: AdmissionAttributes, node: string): void {
  if (attributes.namespace !== 'kube-node-lease') {
    throw refusal(attributes, 'can only access leases in the "kube-node-lease" system namespace');
  }
  if (attributes.name !== node)
    throw refusal(attributes, 'can only access node lease with the same name as the requesting node');
}

function checkOwn(attributes: AdmissionAttributes, node: string): void {
  const { name } = attributes;
  if (name !== node)
    throw refusal(attributes, `node "${node}" is not allowed to modify ${attributes.type.singular} "${name}"`);
}

function refusal({ type, name }: AdmissionAttributes, text: string): Error {
  return errors.forbidden(type, name, text);
}
