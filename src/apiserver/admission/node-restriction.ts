import { errors, type UnstructuredObject, type v1 } from '../../api/index.ts';
import type { StateReader, User } from '../registry/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const NODES_GROUP = 'system:nodes';
const NODE_PREFIX = 'system:node:';
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';
const pods = { group: '', resource: 'pods' };

interface Pod {
  spec?: { nodeName?: string };
}

/** Nodes write only what is theirs: their Node, Lease and CSINode, and the pods bound to them. */
export function nodeRestriction(state: StateReader): AdmissionPlugin {
  const rules: Readonly<Record<string, (attributes: AdmissionAttributes, node: string) => void>> = {
    '/nodes': checkNode,
    '/pods': checkPod,
    'coordination.k8s.io/leases': checkLease,
    'storage.k8s.io/csinodes': checkOwn,
  };
  return {
    name: 'NodeRestriction',
    admit(attributes) {
      const node = nodeOf(attributes.user);
      if (node === undefined) return;
      const rule = rules[`${attributes.type.group}/${attributes.type.resource}`];
      if (rule === undefined) return;
      if (node === '') throw refusal(attributes, `could not determine node from user "${attributes.user.name}"`);
      rule(attributes, node);
    },
  };

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

/** The node that a user is; '' for one that says it is some node but not which. */
function nodeOf({ name, groups }: User): string | undefined {
  if (!groups.includes(NODES_GROUP)) return undefined;
  return name.startsWith(NODE_PREFIX) ? name.slice(NODE_PREFIX.length) : '';
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
  if (operation === 'DELETE' || subresource !== undefined) return;
  const forbidden = forbiddenLabels(object, old);
  if (forbidden.length > 0) {
    const what = operation === 'CREATE' ? 'set the following labels' : 'modify labels';
    throw refusal(attributes, `node "${node}" is not allowed to ${what}: ${forbidden.join(', ')}`);
  }
  if (operation !== 'UPDATE') return;
  const taints = (of: UnstructuredObject | undefined): string =>
    JSON.stringify((of as { spec?: { taints?: unknown } } | undefined)?.spec?.taints ?? []);
  if (taints(object) !== taints(old)) throw refusal(attributes, `node "${node}" is not allowed to modify taints`);
}

const kubeletLabels = new Set([
  'beta.kubernetes.io/arch',
  'beta.kubernetes.io/instance-type',
  'beta.kubernetes.io/os',
  'failure-domain.beta.kubernetes.io/region',
  'failure-domain.beta.kubernetes.io/zone',
  'kubernetes.io/arch',
  'kubernetes.io/hostname',
  'kubernetes.io/os',
  'node.kubernetes.io/instance-type',
  'topology.kubernetes.io/region',
  'topology.kubernetes.io/zone',
]);

/** Labels that differ and that are not a node's to choose: pods with secrets could be drawn to it by them. */
function forbiddenLabels(object: UnstructuredObject | undefined, old: UnstructuredObject | undefined): string[] {
  const [labels, before] = [object?.metadata.labels ?? {}, old?.metadata.labels ?? {}];
  const changed = Object.keys({ ...labels, ...before }).filter((name) => labels[name] !== before[name]);
  return changed.filter((name) => !mayLabel(name)).sort();
}

function mayLabel(name: string): boolean {
  const [namespace = '', plain] = name.split('/');
  if (plain === undefined) return true;
  const within = (domain: string): boolean => namespace === domain || namespace.endsWith(`.${domain}`);
  if (within('node-restriction.kubernetes.io')) return false;
  if (!within('kubernetes.io') && !within('k8s.io')) return true;
  return kubeletLabels.has(name) || within('kubelet.kubernetes.io') || within('node.kubernetes.io');
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
