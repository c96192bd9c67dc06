import { errors, type UnstructuredObject, type v1 } from '../../../api/index.ts';
import { equalJson } from '../../registry/json.ts';
import type { StateReader } from '../../registry/types.ts';
import { namespaceObject } from '../dynamic/selectors.ts';
import type { AdmissionAttributes, AdmissionPlugin } from '../types.ts';
import { type CheckedPod, containersOf } from './check.ts';
import {
  describe,
  isStricter,
  type LevelVersion,
  policyOf,
  reasonsOf,
  sameLevel,
  showLevel,
  violationsOf,
} from './policy.ts';

/** Pods' subresources whose object is no pod, or that change nothing of what is checked. */
const ignored = new Set(['exec', 'attach', 'binding', 'eviction', 'log', 'portforward', 'proxy', 'status']);
const pods = { group: '', resource: 'pods' };
const MAX_PODS = 3_000;

/** Holds pods to the Pod Security Standard that their namespace's labels ask for. */
export function podSecurity(state: StateReader): AdmissionPlugin {
  return {
    name: 'PodSecurity',
    validate(attributes) {
      const { operation, type, namespace } = attributes;
      if (operation === 'DELETE') return undefined;
      if (type.group === '' && type.resource === 'namespaces') checkNamespace(attributes);
      if (namespace === undefined) return undefined;
      const isPod = type.group === '' && type.resource === 'pods';
      return isPod ? checkPod(attributes, namespace) : checkTemplate(attributes, namespace);
    },
  };

  function checkPod(attributes: AdmissionAttributes, namespace: string): Promise<void> | undefined {
    const { subresource, object, old, operation } = attributes;
    if (ignored.has(subresource ?? '') || object === undefined) return undefined;
    if (operation === 'UPDATE' && old !== undefined && !isSignificant(object, old)) return undefined;
    const { metadata, spec } = object as unknown as v1.Pod;
    return judge(attributes, namespace, { annotations: metadata.annotations ?? {}, spec: spec! }, true);
  }

  /** What makes pods is warned of, but let in: its pods are checked when they come. */
  function checkTemplate(attributes: AdmissionAttributes, namespace: string): Promise<void> | undefined {
    const pod = attributes.subresource === undefined ? templateOf(attributes) : undefined;
    return pod === undefined ? undefined : judge(attributes, namespace, pod, false);
  }

  async function judge(
    attributes: AdmissionAttributes,
    namespace: string,
    pod: CheckedPod,
    enforced: boolean,
  ): Promise<void> {
    const { policy } = policyOf((await namespaceObject(state, namespace)).metadata.labels);
    const { warnings, auditAnnotations } = attributes;
    const told = (level: LevelVersion): string | undefined => {
      const found = violationsOf(pod, level);
      return found.length === 0 ? undefined : `violate PodSecurity "${showLevel(level)}": ${describe(found)}`;
    };
    const audited = told(policy.audit);
    if (audited !== undefined) auditAnnotations['pod-security.kubernetes.io/audit-violations'] = `would ${audited}`;
    if (enforced) {
      auditAnnotations['pod-security.kubernetes.io/enforce-policy'] = showLevel(policy.enforce);
      const refused = told(policy.enforce)?.replace('violate', 'violates');
      if (refused !== undefined) throw errors.forbidden(attributes.type, attributes.name, refused);
    }
    const warned = told(policy.warn);
    if (warned !== undefined && !warnings.includes(`would ${warned}`)) warnings.push(`would ${warned}`);
  }

  /** Labels must make sense; pods that a stricter level would not let in are told. */
  function checkNamespace({ object, old, name, subresource, warnings }: AdmissionAttributes): void {
    if (subresource !== undefined || object === undefined) return;
    const { policy, problems } = policyOf(object.metadata.labels);
    const before = policyOf(old?.metadata.labels);
    if (problems.length > 0 && !equalJson(problems, before.problems)) {
      throw errors.invalid({ group: '', kind: 'Namespace' }, name, problems);
    }
    const { enforce } = policy;
    if (old === undefined || sameLevel(enforce, before.policy.enforce)) return;
    const sameVersion = enforce.version === before.policy.enforce.version;
    if (sameVersion && !isStricter(enforce.level, before.policy.enforce.level)) return;
    warnings.push(...existingViolations(name, enforce));
  }

  function existingViolations(namespace: string, enforce: LevelVersion): string[] {
    const byReasons = new Map<string, string[]>();
    for (const { object } of state.all(pods, namespace).slice(0, MAX_PODS)) {
      const { metadata, spec } = object as unknown as v1.Pod;
      const reasons = reasonsOf(violationsOf({ annotations: metadata.annotations ?? {}, spec: spec! }, enforce));
      if (reasons !== '') byReasons.set(reasons, [...(byReasons.get(reasons) ?? []), metadata.name ?? '']);
    }
    if (byReasons.size === 0) return [];
    const level = showLevel(enforce);
    const each = [...byReasons].map(
      ([reasons, [first, ...others]]) => `${first}${othersText(others.length)}: ${reasons}`,
    );
    return [
      `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${level}"`,
      ...each.sort(),
    ];
  }
}

function othersText(count: number): string {
  return count === 0 ? '' : ` (and ${count} other ${count === 1 ? 'pod' : 'pods'})`;
}

const templateKinds = new Set([
  'ReplicationController',
  'PodTemplate',
  'ReplicaSet.apps',
  'Deployment.apps',
  'StatefulSet.apps',
  'DaemonSet.apps',
  'Job.batch',
  'CronJob.batch',
]);

interface Workload {
  template?: v1.PodTemplateSpec;
  spec?: { template?: v1.PodTemplateSpec; jobTemplate?: { spec?: { template?: v1.PodTemplateSpec } } };
}

function templateOf({ type, object }: AdmissionAttributes): CheckedPod | undefined {
  if (!templateKinds.has(type.group === '' ? type.kind : `${type.kind}.${type.group}`)) return undefined;
  const { template, spec } = object as unknown as Workload;
  const found = template ?? spec?.template ?? spec?.jobTemplate?.spec?.template;
  if (found?.spec === undefined) return undefined;
  return { annotations: found.metadata?.annotations ?? {}, spec: found.spec };
}

/** Of a pod little can be changed, and of that only images and debugging containers matter. */
function isSignificant(pod: UnstructuredObject, old: UnstructuredObject): boolean {
  const images = (of: UnstructuredObject): string[] =>
    containersOf((of as unknown as v1.Pod).spec!).map(({ name, image }) => `${name} ${image}`);
  return !equalJson(images(pod), images(old));
}
