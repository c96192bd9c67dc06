import type { EnumType, FieldDescription, TypeDescription, ValueType } from '../description/index.ts';
import { type FieldPath, fieldPath, notSupported, required } from '../field-errors.ts';
import { isPlainObject, type PlainObject } from '../plain.ts';
import type { Errors } from './checks.ts';

/** Required fields that may be empty, or whose absence has an error text of its own. */
const exempt: ReadonlySet<string> = new Set([
  'CSINodeSpec.drivers',
  'EndpointSlice.endpoints',
  'LabelSelectorRequirement.key',
  'LabelSelectorRequirement.operator',
  'PolicyRule.verbs',
  'RoleRef.apiGroup',
  'MetricSpec.type',
  'MetricTarget.type',
  'MetricIdentifier.name',
  'ResourceMetricSource.name',
  'ContainerResourceMetricSource.name',
  'ContainerResourceMetricSource.container',
  'HPAScalingPolicy.type',
  'HTTPIngressPath.pathType',
  'Taint.key',
  'Taint.effect',
  'TypedLocalObjectReference.kind',
  'TypedLocalObjectReference.name',
  'IngressClassParametersReference.kind',
  'IngressClassParametersReference.name',
  'ServiceCIDRSpec.cidrs',
  'Endpoint.addresses',
  'LimitResponse.type',
  'PriorityLevelConfigurationSpec.type',
  'PriorityLevelConfigurationReference.name',
  'PolicyRulesWithSubjects.subjects',
  'NonResourcePolicyRule.verbs',
  'NonResourcePolicyRule.nonResourceURLs',
  'ResourcePolicyRule.verbs',
  'ResourcePolicyRule.apiGroups',
  'ResourcePolicyRule.resources',
  'Subject.kind',
  'ServiceAccountSubject.namespace',
  'RoleRef.kind',
  'CertificateSigningRequestSpec.signerName',
  'CertificateSigningRequestSpec.request',
  'EventSeries.count',
  'VolumeAttributesClass.parameters',
  'PodFailurePolicyRule.action',
  'PodFailurePolicyOnPodConditionsPattern.status',
  'PodFailurePolicyOnExitCodesRequirement.operator',
  'PodFailurePolicyOnExitCodesRequirement.values',
  'SuccessPolicy.rules',
]);

/** Types whose rules say all of what is wrong with them, in Kubernetes' order. */
const ruled: ReadonlySet<string> = new Set(['PodSpec']);

/**
 * Checks what the description says by itself, of everything but metadata and status: that required
 * fields are given and that strings of a closed set are of that set.
 */
export function validateDescribed(object: PlainObject, type: TypeDescription): Errors {
  const errors: Errors = [];
  const root = fieldPath();
  for (const field of planOf(type).whole) checkField(errors, root, object[field.jsonName], field, type);
  return errors;
}

function checkObject(errors: Errors, path: FieldPath, object: PlainObject, type: TypeDescription): void {
  const { required: needed, nested } = planOf(type);
  for (const field of needed) {
    if (isMissing(object[field.jsonName])) errors.push(required(path.child(field.jsonName)));
  }
  for (const name of Object.keys(object)) {
    const field = nested.get(name);
    if (field !== undefined && !isMissing(object[name])) checkValue(errors, path.child(name), object[name], field.type);
  }
}

function checkField(
  errors: Errors,
  path: FieldPath,
  value: unknown,
  field: FieldDescription,
  type: TypeDescription,
): void {
  if (!isMissing(value)) checkValue(errors, path.child(field.jsonName), value, field.type);
  else if (isNeeded(field, type)) errors.push(required(path.child(field.jsonName)));
}

function checkValue(errors: Errors, path: FieldPath, value: unknown, type: ValueType): void {
  switch (type.kind) {
    case 'object':
      if (isPlainObject(value) && !ruled.has(type.type.name)) checkObject(errors, path, value, type.type);
      return;
    case 'list':
      if (!Array.isArray(value)) return;
      for (const [index, item] of value.entries()) checkValue(errors, path.index(index), item, type.items);
      return;
    case 'map':
      if (!isPlainObject(value)) return;
      for (const key of Object.keys(value)) checkValue(errors, path.key(key), value[key], type.values);
      return;
    case 'enum':
      if (type.closed && !judgedByRules.has(type.name) && !type.values.includes(value as string)) {
        errors.push(notSupported(path, value, supported(type)));
      }
  }
}

/** Those that Kubernetes lists in order of the alphabet; the others it lists as they were declared. */
const alphabetical: ReadonlySet<string> = new Set([
  'Protocol',
  'PullPolicy',
  'ServiceType',
  'ServiceAffinity',
  'ServiceExternalTrafficPolicy',
  'MountPropagationMode',
  'HostPathType',
  'PersistentVolumeReclaimPolicy',
  'UnhealthyPodEvictionPolicyType',
]);

/** Those, or fields of them, that Kubernetes looks at in fewer places than they occur, or names by what they are in. */
const judgedByRules: ReadonlySet<string> = new Set([
  'Taint.effect',
  'StorageClass.reclaimPolicy',
  'IPFamily',
  'IPFamilyPolicy',
  'KeyUsage',
  'ResourceQuotaScope',
  'ScopeSelectorOperator',
  'PersistentVolumeAccessMode',
  'PersistentVolumeMode',
  'DeploymentStrategyType',
  'DaemonSetUpdateStrategyType',
  'StatefulSetUpdateStrategyType',
  'PodManagementPolicyType',
  'PersistentVolumeClaimRetentionPolicyType',
]);

function supported({ name, values }: EnumType): string[] {
  const given = values.filter((value) => value !== '');
  return alphabetical.has(name) ? given.sort() : given;
}

function isMissing(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

/** Numbers, flags and times have a zero that can't be told from absence; structs are always there. */
function isNeeded(field: FieldDescription, type: TypeDescription): boolean {
  if (!field.required || exempt.has(`${type.name}.${field.jsonName}`)) return false;
  const { kind } = field.type;
  return (
    kind === 'string' || kind === 'enum' || kind === 'list' || kind === 'map' || (kind === 'object' && field.pointer)
  );
}

const reported: ReadonlySet<string> = new Set(['metadata', 'status']);

interface Plan {
  /** What there is to check of an object of its own. */
  whole: readonly FieldDescription[];
  required: readonly FieldDescription[];
  /** Fields that there is something to check in. */
  nested: ReadonlyMap<string, FieldDescription>;
}

const plans = new WeakMap<TypeDescription, Plan>();

function planOf(type: TypeDescription): Plan {
  let plan = plans.get(type);
  if (plan === undefined) {
    const fields = [...type.fields.values()];
    plan = {
      whole: fields.filter(({ jsonName }) => !reported.has(jsonName) && !judgedByRules.has(`${type.name}.${jsonName}`)),
      required: fields.filter((field) => isNeeded(field, type)),
      nested: new Map(
        fields
          .filter((field) => looksInto(field.type) && !isMetadata(field))
          .filter((field) => !judgedByRules.has(`${type.name}.${field.jsonName}`))
          .map((field) => [field.jsonName, field]),
      ),
    };
    plans.set(type, plan);
  }
  return plan;
}

function looksInto(type: ValueType): boolean {
  if (type.kind === 'list') return looksInto(type.items);
  if (type.kind === 'map') return looksInto(type.values);
  return type.kind === 'object' || (type.kind === 'enum' && type.closed);
}

function isMetadata({ type }: FieldDescription): boolean {
  return type.kind === 'object' && type.type.name === 'ObjectMeta';
}
