export type { CustomResourceDefinition } from '../types/apiextensions-v1.ts';
export { CLEANUP_FINALIZER, customResourceTypes, isTrue, withCondition } from './definition.ts';
export { type JsonPath, parseJsonPath } from './json-path.ts';
export type { ConvertObjects, CustomKind, ScalePaths } from './kind.ts';
export { itemsByKeys } from './lists.ts';
export { type CustomSchema, fieldSchema, itemSchema } from './schema.ts';
export { schemaPaths } from './schema-paths.ts';
export { checkObject, completeObject } from './stages.ts';
export { compareVersions } from './versions.ts';
