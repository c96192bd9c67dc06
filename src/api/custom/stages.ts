import { type CheckedFields, type CheckOptions, checkFields } from '../decode/index.ts';
import { applyDefaults } from '../defaults/index.ts';
import type { KubernetesObject, UnstructuredObject } from '../object.ts';
import type { ResourceType } from '../resource.ts';

/** What describes an object that is sent for `type`: a Scale is what it is, whatever it is of. */
function customOf(object: KubernetesObject, { kind, custom }: ResourceType): ResourceType['custom'] {
  return object.kind === kind ? custom : undefined;
}

/** checkFields, of objects of any kind. */
export function checkObject(object: KubernetesObject, type: ResourceType, options: CheckOptions): CheckedFields {
  return customOf(object, type)?.check(object, options) ?? checkFields(object, options);
}

/** applyDefaults, of objects of any kind. */
export function completeObject(object: UnstructuredObject, type: ResourceType): void {
  const custom = customOf(object, type);
  if (custom === undefined) applyDefaults(object);
  else custom.applyDefaults(object);
}
