import { type FieldPath, fieldPath } from '../field-errors.ts';
import { equalPlain } from '../plain.ts';
import type { CustomResourceDefinitionVersion } from '../types/apiextensions-v1.ts';

/**
 * Where errors say that the versions' schemas are. One that all versions have is the definition's own, for Kubernetes sees it so: it is
 * told of once.
 */
export function schemaPaths(versions: readonly CustomResourceDefinitionVersion[]): FieldPath[] {
  const [first] = versions;
  if (versions.every(({ schema }) => equalPlain(schema, first?.schema))) {
    return versions.slice(0, 1).map(() => fieldPath('spec', 'validation', 'openAPIV3Schema'));
  }
  return versions.map((_, index) => fieldPath('spec', 'versions').index(index).child('schema', 'openAPIV3Schema'));
}
