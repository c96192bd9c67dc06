import { equalPlain, type FieldError, fieldPath, invalidValue, type UnstructuredObject } from '../../../api/index.ts';
import { defaultFlowSchemas, defaultPriorityLevels, mandatoryNames } from '../../flow-control/index.ts';
import type { Strategy } from './strategy.ts';

/** Of objects some of which have to be there, with the spec that they have from the start. */
function withMandatory(defaults: readonly { metadata: { name?: string }; spec?: object }[]): Strategy {
  const specs = new Map(defaults.map(({ metadata, spec }) => [metadata.name ?? '', spec]));
  return {
    generation: true,
    validate(object) {
      const name = object.metadata.name ?? '';
      if (!mandatoryNames.has(name) || isSame(object, specs.get(name))) return [];
      const error: FieldError = invalidValue(
        fieldPath('spec'),
        object['spec'] ?? {},
        `spec of '${name}' must equal the fixed value`,
      );
      return [error];
    },
  };
}

/** How much of what is exempt counts for others is everybody's choice. */
function isSame(object: UnstructuredObject, spec: object | undefined): boolean {
  const { exempt: _, ...given } = (object['spec'] ?? {}) as { exempt?: object };
  const { exempt: __, ...fixed } = (spec ?? {}) as { exempt?: object };
  return equalPlain(given, fixed);
}

export const flowSchemaStrategy = withMandatory(defaultFlowSchemas);
export const priorityLevelStrategy = withMandatory(defaultPriorityLevels);
