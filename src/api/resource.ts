import type { CustomKind } from './custom/kind.ts';

/** A kind as the API serves it. `group` is '' for core. */
export interface ResourceType {
  group: string;
  version: string;
  kind: string;
  /** Plural, lower case: the name in paths. */
  resource: string;
  singular: string;
  shortNames: readonly string[];
  categories: readonly string[];
  namespaced: boolean;
  verbs: readonly string[];
  /** Names after the object's in paths, with the kind they take: `status`, `scale`, `log`, … */
  subresources: readonly SubresourceType[];
  /** What a CustomResourceDefinition says of it; undefined: one of Kubernetes' own kinds. */
  custom?: CustomKind;
}

export interface SubresourceType {
  name: string;
  /** Group, version and kind of its body. */
  group: string;
  version: string;
  kind: string;
  verbs: readonly string[];
}

/** Names a kind to clients: enough to build a path. */
export interface ResourceReference {
  group: string;
  version: string;
  resource: string;
  kind: string;
  namespaced: boolean;
}

/** `v1` for core, `apps/v1` elsewhere. */
export function apiVersionOf(type: { group: string; version: string }): string {
  return type.group === '' ? type.version : `${type.group}/${type.version}`;
}

/** The group in an apiVersion; empty for core. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

/** `deployments.apps`, or `pods` for core: the name in error texts. */
export function qualifiedResource(type: { group: string; resource: string }): string {
  return type.group === '' ? type.resource : `${type.resource}.${type.group}`;
}

/** The kind of lists of it. */
export function listKindOf({ kind, custom }: Pick<ResourceType, 'kind' | 'custom'>): string {
  return custom?.listKind ?? `${kind}List`;
}
