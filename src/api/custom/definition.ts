import type { ResourceType, SubresourceType } from '../resource.ts';
import type {
  CustomResourceDefinition,
  CustomResourceDefinitionCondition,
  CustomResourceDefinitionConditionType,
  CustomResourceDefinitionStatus,
  CustomResourceDefinitionVersion,
} from '../types/apiextensions-v1.ts';
import { type ConvertObjects, CustomKind } from './kind.ts';

const verbs = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch'];
const changeVerbs = ['get', 'patch', 'update'];

/** Whether the definition has that condition with status True. */
export function isTrue(
  { status }: CustomResourceDefinition,
  type: CustomResourceDefinitionConditionType & string,
): boolean {
  return status?.conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}

/** Holds a definition until its objects are deleted. */
export const CLEANUP_FINALIZER = 'customresourcecleanup.apiextensions.k8s.io';

/** The status with that condition; if it says what it said before, since when stays. */
export function withCondition(
  status: CustomResourceDefinitionStatus | undefined,
  condition: CustomResourceDefinitionCondition,
): CustomResourceDefinitionStatus {
  const { conditions = [] } = status ?? {};
  const before = conditions.find(({ type }) => type === condition.type);
  if (before === undefined) return { ...status, conditions: [...conditions, condition] };
  const lastTransitionTime =
    before.status === condition.status ? before.lastTransitionTime : condition.lastTransitionTime;
  const next = { ...condition, ...(lastTransitionTime === undefined ? {} : { lastTransitionTime }) };
  return { ...status, conditions: conditions.map((each) => (each === before ? next : each)) };
}

/**
 * The kinds that a definition adds to the API as it is now: its served versions, once it is established. `convert`: how
 * objects get from one of them to another, for who reads and writes them.
 */
export function customResourceTypes(definition: CustomResourceDefinition, convert?: ConvertObjects): ResourceType[] {
  if (!isTrue(definition, 'Established')) return [];
  const types: ResourceType[] = [];
  for (const version of definition.spec.versions) {
    if (version.served) types.push(typeOfVersion(definition, version, convert, types));
  }
  return types;
}

function typeOfVersion(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  convert: ConvertObjects | undefined,
  siblings: readonly ResourceType[],
): ResourceType {
  const { metadata, spec, status } = definition;
  const { group, versions } = spec;
  const names = status?.acceptedNames ?? spec.names;
  const {
    plural,
    kind,
    singular = kind.toLowerCase(),
    listKind = `${kind}List`,
    shortNames = [],
    categories = [],
  } = names;
  const storageVersion = versions.find(({ storage }) => storage)!.name;
  const terminating = isTrue(definition, 'Terminating');
  const custom = new CustomKind({
    group,
    kind,
    listKind,
    definition: metadata.name!,
    version,
    storageVersion,
    convert,
    terminating,
    versions: siblings,
  });
  const subresources: SubresourceType[] = [];
  if (custom.hasStatus) subresources.push({ name: 'status', group, version: version.name, kind, verbs: changeVerbs });
  if (custom.scale !== undefined) {
    subresources.push({ name: 'scale', group: 'autoscaling', version: 'v1', kind: 'Scale', verbs: changeVerbs });
  }
  return {
    group,
    version: version.name,
    kind,
    resource: plural,
    singular,
    shortNames,
    categories,
    namespaced: spec.scope === 'Namespaced',
    verbs: terminating ? verbs.filter((verb) => verb !== 'create') : verbs,
    subresources,
    custom,
  };
}
