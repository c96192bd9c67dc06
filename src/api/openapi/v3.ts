import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { metaGroupVersion, type TypeDescription } from '../description/index.ts';
import { apiVersionOf, groupOf, type ResourceType } from '../resource.ts';
import { resourceTypes } from '../scheme.ts';
import { kubernetesVersion } from '../version.ts';
import { collectCustom } from './custom.ts';
import { describedReferences, pathsOf } from './paths.ts';
import { type GroupVersionKind, type Schema, SchemaCollector } from './schemas.ts';

/** An OpenAPI document as it goes over the wire. */
export interface OpenApiDocument {
  bytes: Buffer;
  /** Of its content: upper-case hexadecimal, as Kubernetes' are. */
  hash: string;
}

/** The answer of `/openapi/v3`: where each group version's document is. */
export interface OpenApiIndex {
  paths: Record<string, { serverRelativeURL: string }>;
}

const documents = new Map<string, OpenApiDocument>();

/** Documents of custom resources, by the first of the kinds that they describe. */
const customDocuments = new WeakMap<ResourceType, { types: readonly ResourceType[]; document: OpenApiDocument }>();

/**
 * The OpenAPI v3 document of a group version (`v1`, `apps/v1`), or undefined when nothing of it is served. Made on first
 * use (some milliseconds), then kept (1 MB, were all of them asked for).
 */
export function openApiV3(
  groupVersion: string,
  served: readonly ResourceType[] = resourceTypes(),
): OpenApiDocument | undefined {
  const custom = served.filter((type) => type.custom !== undefined && apiVersionOf(type) === groupVersion);
  if (custom.length > 0) return customDocument(custom);
  let document = documents.get(groupVersion);
  if (document === undefined) {
    document = makeDocument(groupVersion);
    if (document !== undefined) documents.set(groupVersion, document);
  }
  return document;
}

function customDocument(types: readonly ResourceType[]): OpenApiDocument {
  const known = customDocuments.get(types[0]!);
  if (known?.types.length === types.length && known.types.every((type, i) => type === types[i])) return known.document;
  const document = documentOf(types);
  customDocuments.set(types[0]!, { types, document });
  return document;
}

let index: Promise<OpenApiIndex> | undefined;

/**
 * The index of all documents. The first call makes each of them once, for its hash, and lets others run in between.
 */
export function openApiV3Index(served: readonly ResourceType[] = resourceTypes()): Promise<OpenApiIndex> {
  index ??= makeIndex(resourceTypes(), (groupVersion) => documents.get(groupVersion) ?? makeDocument(groupVersion)!);
  const custom = served.filter((type) => type.custom !== undefined);
  return custom.length === 0 ? index : withCustom(index, custom);
}

async function withCustom(own: Promise<OpenApiIndex>, custom: readonly ResourceType[]): Promise<OpenApiIndex> {
  const added = await makeIndex(custom, (groupVersion) => openApiV3(groupVersion, custom)!);
  return { paths: { ...(await own).paths, ...added.paths } };
}

async function makeIndex(
  types: readonly ResourceType[],
  documentFor: (groupVersion: string) => OpenApiDocument,
): Promise<OpenApiIndex> {
  const paths: OpenApiIndex['paths'] = {};
  for (const groupVersion of new Set(types.map(apiVersionOf))) {
    const { hash } = documentFor(groupVersion);
    const path = pathOf(groupVersion);
    paths[path] = { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` };
    await setImmediate();
  }
  return { paths };
}

/** `api/v1` or `apis/apps/v1`. */
function pathOf(groupVersion: string): string {
  return groupVersion.includes('/') ? `apis/${groupVersion}` : `api/${groupVersion}`;
}

function makeDocument(groupVersion: string): OpenApiDocument | undefined {
  const types = resourceTypes().filter((type) => apiVersionOf(type) === groupVersion);
  return types.length === 0 ? undefined : documentOf(types);
}

/** Of kinds of one group version, either Kubernetes' own or custom. */
function documentOf(types: readonly ResourceType[]): OpenApiDocument {
  const collector = new SchemaCollector('v3', (type) => kindsOf(type, [types[0]!]));
  const reference = (type: TypeDescription): Schema => collector.reference(type);
  const paths = pathsOf(types, reference, (type) =>
    type.custom === undefined ? describedReferences(type, reference) : collectCustom(type, collector),
  );
  const bytes = Buffer.from(
    JSON.stringify({
      openapi: '3.0.0',
      info: { title: 'Kubernetes', version: kubernetesVersion },
      paths,
      components: { schemas: collector.schemas },
    }),
  );
  return { bytes, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() };
}

/** As which kinds a type is known: its own, or for options and Status, of the document's group versions, one of each in `served`. */
export function kindsOf(type: TypeDescription, served: readonly ResourceType[]): GroupVersionKind[] {
  if (!type.isKind) return [];
  if (type.groupVersion === metaGroupVersion) {
    const groupVersions = type.name === 'Status' ? [{ group: '', version: 'v1' }] : served;
    return groupVersions.map(({ group, version }) => ({ group, kind: type.name, version }));
  }
  const { groupVersion, name: kind } = type;
  return [{ group: groupOf(groupVersion), kind, version: groupVersion.slice(groupVersion.indexOf('/') + 1) }];
}
