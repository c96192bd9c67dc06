import { type FieldPath, fieldPath } from '../../field-errors.ts';
import { checkDns1123Label } from '../../names.ts';
import type { ObjectMeta } from '../../object.ts';
import { quote } from '../../text.ts';
import type { v1 } from '../../types/index.ts';
import { appArmorPrefix, seccompAnnotation, seccompPrefix } from './annotations.ts';
import { eachContainer } from './each-container.ts';
import { fractionWarnings } from './fraction-warnings.ts';
import { placementWarnings } from './placement-warnings.ts';
import { portWarnings } from './port-warnings.ts';
import { volumeWarnings } from './volume-warnings.ts';

const oldAnnotations: Readonly<Record<string, string>> = {
  'scheduler.alpha.kubernetes.io/critical-pod': 'non-functional in v1.16+; use the "priorityClassName" field instead',
  'security.alpha.kubernetes.io/sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
  'security.alpha.kubernetes.io/unsafe-sysctls': 'non-functional in v1.11+; use the "sysctls" field instead',
};
const seccompText = 'non-functional in v1.27+; use the "seccompProfile" field instead';

/** What is probably not meant, in a new pod. */
export function podWarnings(pod: v1.Pod): string[] {
  const { metadata, spec } = pod;
  const problems = checkDns1123Label(metadata.name ?? '');
  const named =
    problems.length === 0
      ? []
      : [
          `metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [${problems.join(' ')}]`,
        ];
  return spec === undefined ? named : [...named, ...warningsOf(spec, metadata, fieldPath(), false)];
}

/** What is probably not meant, in a template for pods. */
export function templateWarnings(template: v1.PodTemplateSpec, path: FieldPath): string[] {
  return template.spec === undefined ? [] : warningsOf(template.spec, template.metadata ?? {}, path, true);
}

function warningsOf(spec: v1.PodSpec, metadata: ObjectMeta, path: FieldPath, isTemplate: boolean): string[] {
  const warnings: string[] = [];
  const { annotations = {} } = metadata;
  const at = path.child('spec');
  const annotationsPath = path.child('metadata', 'annotations');
  placementWarnings(warnings, at, spec);
  for (const [key, text] of Object.entries(oldAnnotations)) {
    if (Object.hasOwn(annotations, key)) warnings.push(`${annotationsPath.key(key)}: ${text}`);
  }
  volumeWarnings(warnings, at.child('volumes'), spec.volumes ?? []);
  referenceWarnings(warnings, at, spec);
  fractionWarnings(warnings, at.child('overhead'), spec.overhead);
  if (spec.securityContext?.seccompProfile === undefined && Object.hasOwn(annotations, seccompAnnotation)) {
    warnings.push(`${annotationsPath.key(seccompAnnotation)}: ${seccompText}`);
  }
  const securesAll = spec.securityContext?.appArmorProfile !== undefined;
  eachContainer(spec, at, (container, item) => {
    const { name, securityContext, resources, env } = container;
    const seccomp = seccompPrefix + name;
    if (securityContext?.seccompProfile === undefined && Object.hasOwn(annotations, seccomp)) {
      warnings.push(`${annotationsPath.key(seccomp)}: ${seccompText}`);
    }
    const appArmor = appArmorPrefix + name;
    const isSecured = securesAll || securityContext?.appArmorProfile !== undefined;
    if (isTemplate && !isSecured && Object.hasOwn(annotations, appArmor)) {
      const text = 'deprecated since v1.30; use the "appArmorProfile" field instead';
      warnings.push(`${annotationsPath.key(appArmor)}: ${text}`);
    }
    if (resources !== undefined) {
      fractionWarnings(warnings, item().child('resources', 'limits'), resources.limits);
      fractionWarnings(warnings, item().child('resources', 'requests'), resources.requests);
    }
    if (env !== undefined && env.length > 1) variableWarnings(warnings, item().child('env'), env);
  });
  portWarnings(warnings, at, spec);
  if ((spec.terminationGracePeriodSeconds ?? 0) < 0) {
    const text = 'must be >= 0; negative values are invalid and will be treated as 1';
    warnings.push(`${at.child('terminationGracePeriodSeconds')}: ${text}`);
  }
  return warnings;
}

function referenceWarnings(
  warnings: string[],
  path: FieldPath,
  { hostAliases = [], imagePullSecrets = [] }: v1.PodSpec,
): void {
  const addresses = new Set<string>();
  for (const [index, { ip }] of hostAliases.entries()) {
    if (addresses.has(ip))
      warnings.push(`${path.child('hostAliases').index(index).child('ip')}: duplicate ip ${quote(ip)}`);
    addresses.add(ip);
  }
  const secrets = new Set<string>();
  const list = path.child('imagePullSecrets');
  for (const [index, { name = '' }] of imagePullSecrets.entries()) {
    if (secrets.has(name)) warnings.push(`${list.index(index).child('name')}: duplicate name ${quote(name)}`);
    secrets.add(name);
  }
  for (const [index, { name }] of imagePullSecrets.entries()) {
    if (!name) warnings.push(`${list.index(index).child('name')}: invalid empty name ""`);
  }
}

/** A variable that is given twice, but not so that the second builds on the first. */
function variableWarnings(warnings: string[], path: FieldPath, variables: readonly v1.EnvVar[]): void {
  const names = new Set<string>();
  for (const [index, { name, value = '', valueFrom }] of variables.entries()) {
    const reference = `$(${name})`;
    const buildsOn = valueFrom === undefined && value !== reference && value.includes(reference);
    if (names.has(name) && !buildsOn) {
      const text = `hides previous definition of ${quote(name)}, which may be dropped when using apply`;
      warnings.push(`${path.index(index)}: ${text}`);
    }
    names.add(name);
  }
}
