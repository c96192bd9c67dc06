import type { FieldError, ResourceType, UnstructuredObject } from '../../api/index.ts';
export function validate(_object: UnstructuredObject, _type: ResourceType): FieldError[] { return []; }
export function validateUpdate(_object: UnstructuredObject, _old: UnstructuredObject, _type: ResourceType): FieldError[] { return []; }
