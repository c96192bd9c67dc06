/** What an API server says it serves, in the forms that clients ask for. Pure; whoever serves them keeps the bytes. */
import { createHash } from 'node:crypto';
import { apiVersionOf, type ResourceType, type SubresourceType } from './resource.ts';
import { resourceTypes, storageType } from './scheme.ts';
import type * as apidiscoveryv2 from './types/apidiscovery-v2.ts';
import type * as metav1 from './types/meta-v1.ts';

type Types = readonly ResourceType[];

/** `/api`. `serverAddress` is where clients of any address find the server. */
export function apiVersions(serverAddress: string): metav1.APIVersions {
  return {
    kind: 'APIVersions',
    versions: ['v1'],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `/apis`. */
export function apiGroupList(types: Types = resourceTypes()): metav1.APIGroupList {
  const groups = namedGroups(types).map((group) => describeGroup(group, types));
  return { kind: 'APIGroupList', apiVersion: 'v1', groups };
}

/** `/apis/GROUP`, or undefined when nothing of it is served. */
export function apiGroup(group: string, types: Types = resourceTypes()): metav1.APIGroup | undefined {
  if (group === '' || !namedGroups(types).includes(group)) return undefined;
  return { kind: 'APIGroup', apiVersion: 'v1', ...describeGroup(group, types) };
}

/** `/api/v1` (group '') and `/apis/GROUP/VERSION`, or undefined when nothing of it is served. */
export function apiResourceList(
  group: string,
  version: string,
  types: Types = resourceTypes(),
): metav1.APIResourceList | undefined {
  const served = ofVersion(group, version, types);
  if (served.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    ...(group === '' ? {} : { apiVersion: 'v1' }),
    groupVersion: apiVersionOf({ group, version }),
    resources: served.flatMap((type) => [
      describeResource(type),
      ...type.subresources.map((subresource) => describeSubresource(type, subresource)),
    ]),
  };
}

/** A version of apidiscovery.k8s.io; both have the same form. */
export type AggregatedVersion = 'v2' | 'v2beta1';

/** `/api` (the group '') or `/apis` (all others) for who accepts `APIGroupDiscoveryList`. */
export function aggregatedDiscovery(
  root: 'api' | 'apis',
  version: AggregatedVersion = 'v2',
  types: Types = resourceTypes(),
): Omit<apidiscoveryv2.APIGroupDiscoveryList, 'apiVersion'> & { apiVersion: string } {
  const groups = root === 'api' ? [''] : namedGroups(types);
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${version}`,
    metadata: {},
    items: groups.map((group) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versionsOf(group, types).map((groupVersion) => ({
        version: groupVersion,
        resources: ofVersion(group, groupVersion, types).map(discoverResource),
        freshness: 'Current',
      })),
    })) as apidiscoveryv2.APIGroupDiscovery[],
  };
}

function namedGroups(types: Types): string[] {
  return [...new Set(types.map((type) => type.group))].filter((group) => group !== '');
}

function versionsOf(group: string, types: Types): string[] {
  return [...new Set(types.filter((type) => type.group === group).map((type) => type.version))];
}

function ofVersion(group: string, version: string, types: Types): ResourceType[] {
  return types.filter((type) => type.group === group && type.version === version);
}

/** The first version is the preferred one. */
function describeGroup(name: string, types: Types): metav1.APIGroup {
  const versions = versionsOf(name, types).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions, preferredVersion: versions[0] };
}

function describeResource(type: ResourceType): metav1.APIResource {
  return {
    name: type.resource,
    singularName: type.singular,
    namespaced: type.namespaced,
    kind: type.kind,
    verbs: [...type.verbs],
    ...(type.shortNames.length === 0 ? {} : { shortNames: [...type.shortNames] }),
    ...(type.categories.length === 0 ? {} : { categories: [...type.categories] }),
    ...(isStored(type) ? { storageVersionHash: storageVersionHash(storageType(type)) } : {}),
  };
}

function describeSubresource(type: ResourceType, subresource: SubresourceType): metav1.APIResource {
  const foreign = isForeign(type, subresource) ? { group: subresource.group, version: subresource.version } : {};
  return {
    name: `${type.resource}/${subresource.name}`,
    singularName: '',
    namespaced: type.namespaced,
    ...foreign,
    kind: subresource.kind,
    verbs: [...subresource.verbs],
  };
}

function discoverResource(type: ResourceType): apidiscoveryv2.APIResourceDiscovery {
  return {
    resource: type.resource,
    // Empty means: as the list's.
    responseKind: { group: '', version: '', kind: type.kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: [...type.verbs],
    ...(type.shortNames.length === 0 ? {} : { shortNames: [...type.shortNames] }),
    ...(type.categories.length === 0 ? {} : { categories: [...type.categories] }),
    ...(type.subresources.length === 0
      ? {}
      : {
          subresources: type.subresources.map((subresource) => ({
            subresource: subresource.name,
            responseKind: isForeign(type, subresource)
              ? { group: subresource.group, version: subresource.version, kind: subresource.kind }
              : { group: '', version: '', kind: subresource.kind },
            verbs: [...subresource.verbs],
          })),
        }),
  };
}

function isForeign(type: ResourceType, subresource: SubresourceType): boolean {
  return subresource.group !== type.group || subresource.version !== type.version;
}

/** Reviews and bindings are answered, not kept. */
function isStored(type: ResourceType): boolean {
  return type.verbs.includes('watch');
}

/** Tells clients, opaquely, as which kind objects are stored. */
function storageVersionHash({ group, version, kind }: ResourceType): string {
  return createHash('sha256').update(`${group}/${version}/${kind}`).digest().subarray(0, 8).toString('base64');
}
