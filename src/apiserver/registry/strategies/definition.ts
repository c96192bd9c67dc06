import {
  CLEANUP_FINALIZER,
  type CustomResourceDefinition,
  type UnstructuredObject,
  withCondition,
} from '../../../api/index.ts';
import { checkDefinitionRules } from '../../custom-rules/index.ts';
import type { Strategy } from './strategy.ts';

const fieldsOf = (object: UnstructuredObject): CustomResourceDefinition =>
  object as unknown as CustomResourceDefinition;

/** A CustomResourceDefinition goes in two steps: it is Terminating until its controller has deleted the objects. */
export const definitionStrategy: Strategy = {
  generation: true,
  requiresResourceVersion: true,

  prepareForCreate(object) {
    const definition = fieldsOf(object);
    definition.status = { conditions: [], acceptedNames: { plural: '', kind: '' }, storedVersions: [] };
    noteStorageVersion(definition);
  },

  validate: (object, old) => checkDefinitionRules(fieldsOf(object), old && fieldsOf(old)),

  prepareForUpdate: (object) => noteStorageVersion(fieldsOf(object)),

  mayGo: ({ metadata }) => metadata.deletionTimestamp !== undefined,

  markDeleting(object) {
    const { metadata } = object;
    const definition = fieldsOf(object);
    if (!metadata.finalizers?.includes(CLEANUP_FINALIZER)) {
      metadata.finalizers = [...(metadata.finalizers ?? []), CLEANUP_FINALIZER];
    }
    // A deletion that is under way says more already.
    if (definition.status?.conditions?.some(({ type }) => type === 'Terminating')) return;
    definition.status = withCondition(definition.status, {
      type: 'Terminating',
      status: 'True',
      lastTransitionTime: metadata.deletionTimestamp!,
      reason: 'InstanceDeletionPending',
      message: 'CustomResourceDefinition marked for deletion; CustomResource deletion will be initiated shortly',
    });
  },
};

/** Objects may be stored in every version that ever was the one to store. */
function noteStorageVersion(definition: CustomResourceDefinition): void {
  const stored = definition.spec.versions?.find(({ storage }) => storage)?.name;
  const { storedVersions = [] } = definition.status ?? {};
  if (stored === undefined || storedVersions.includes(stored)) return;
  definition.status = { ...definition.status, storedVersions: [...storedVersions, stored] };
}
