/** OpenAPI paths of a group version: which requests there are, with the parameters that clients look for. */
import { metaGroupVersion, structOf, type TypeDescription, typeOf } from '../description/index.ts';
import { apiVersionOf, type ResourceType, type SubresourceType } from '../resource.ts';
import { connectionItem, isConnection } from './connections.ts';
import { type Action, type OperationNames, operationNames } from './operation-names.ts';
import type { GroupVersionKind, Schema } from './schemas.ts';

type Reference = (type: TypeDescription) => Schema;
type PathItem = Record<string, unknown>;

/** What a path's requests are about. */
interface Target {
  kind: GroupVersionKind;
  /** What its operations are called after. */
  names: OperationNames;
  object: Schema;
  list?: Schema | undefined;
  /** As which media types it takes patches. */
  patchTypes: readonly string[];
}

/** References to the schemas of a kind and of its lists. */
export type KindReferences = Pick<Target, 'object' | 'list'>;

/** The schemas of one of Kubernetes' own kinds. */
export function describedReferences(type: ResourceType, reference: Reference): KindReferences | undefined {
  const described = typeOf(apiVersionOf(type), type.kind);
  if (described === undefined) return undefined;
  const list = typeOf(apiVersionOf(type), `${type.kind}List`);
  return { object: reference(described), list: list && reference(list) };
}

/** Every path of `types`, which are of one group version. `reference` makes references to schemas. */
export function pathsOf(
  types: readonly ResourceType[],
  reference: Reference,
  referencesOf: (type: ResourceType) => KindReferences | undefined,
): Record<string, PathItem> {
  const paths: Record<string, PathItem> = {};
  for (const type of types) {
    const references = referencesOf(type);
    if (references === undefined) continue;
    const target: Target = {
      kind: { group: type.group, kind: type.kind, version: type.version },
      names: operationNames(type),
      ...references,
      patchTypes: patchTypesOf(type),
    };
    const root = type.group === '' ? `/api/${type.version}` : `/apis/${apiVersionOf(type)}`;
    const collection = `${root}/${type.namespaced ? 'namespaces/{namespace}/' : ''}${type.resource}`;
    const shared = type.namespaced ? [namespaceParameter, prettyParameter] : [prettyParameter];
    const verbs = new Set(type.verbs);
    paths[collection] = collectionItem(verbs, target, shared, reference);
    if (verbs.has('list') && type.namespaced) {
      const everywhere = { ...target, names: target.names.inAllNamespaces() };
      const get = operation('list', everywhere, listParameters, reference);
      paths[`${root}/${type.resource}`] = { get, parameters: [prettyParameter] };
    }
    const named = [nameParameter, ...shared];
    if (verbs.has('get')) paths[`${collection}/{name}`] = objectItem(verbs, target, named, reference);
    for (const subresource of type.subresources) {
      // The status is shown and written as a part of the whole.
      const whole = type.custom !== undefined && subresource.name === 'status' ? target : undefined;
      const names = target.names.of(subresource.name);
      const item = subresourceItem(subresource, named, names, reference, whole);
      if (item !== undefined) paths[`${collection}/{name}/${subresource.name}`] = item;
    }
  }
  return paths;
}

function collectionItem(
  verbs: ReadonlySet<string>,
  target: Target,
  parameters: readonly Schema[],
  reference: Reference,
): PathItem {
  const item: PathItem = {};
  if (verbs.has('list')) item['get'] = operation('list', target, listParameters, reference);
  if (verbs.has('create')) item['post'] = operation('post', target, writeParameters, reference);
  if (verbs.has('deletecollection')) {
    item['delete'] = operation('deletecollection', target, [...deleteParameters, ...listParameters], reference);
  }
  return { ...item, parameters };
}

function objectItem(
  verbs: ReadonlySet<string>,
  target: Target,
  parameters: readonly Schema[],
  reference: Reference,
): PathItem {
  const item: PathItem = {};
  if (verbs.has('get')) item['get'] = operation('get', target, [], reference);
  if (verbs.has('update')) item['put'] = operation('put', target, writeParameters, reference);
  if (verbs.has('delete')) item['delete'] = operation('delete', target, deleteParameters, reference);
  if (verbs.has('patch')) item['patch'] = operation('patch', target, patchParameters, reference);
  return { ...item, parameters };
}

function subresourceItem(
  subresource: SubresourceType,
  parameters: readonly Schema[],
  names: OperationNames,
  reference: Reference,
  whole: Target | undefined,
): PathItem | undefined {
  const { group, version, kind, verbs } = subresource;
  if (isConnection(subresource)) return connectionItem(subresource, parameters, names);
  const type = typeOf(apiVersionOf({ group, version }), kind);
  const found = whole ?? (type && { kind: { group, kind, version }, object: reference(type), patchTypes });
  if (found === undefined) return undefined;
  const target = { ...found, names };
  const item = objectItem(new Set(verbs), target, parameters, reference);
  if (verbs.includes('create')) item['post'] = operation('post', target, writeParameters, reference);
  return item;
}

const codes: Record<string, string> = { 200: 'OK', 201: 'Created', 202: 'Accepted' };

/** With what an operation may be answered if all is well. */
const answerCodes: Record<Action, readonly string[]> = {
  get: ['200'],
  list: ['200'],
  post: ['200', '201', '202'],
  put: ['200', '201'],
  patch: ['200', '201'],
  delete: ['200', '202'],
  deletecollection: ['200'],
};

const patchTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
];

/** kubectl patches strategically whatever is said to take it. */
function patchTypesOf({ custom }: ResourceType): readonly string[] {
  return custom === undefined ? patchTypes : patchTypes.filter((type) => !type.includes('strategic'));
}

function operation(action: Action, target: Target, parameters: readonly Schema[], reference: Reference): Schema {
  const content = (schema: Schema, types: readonly string[] = ['application/json', 'application/yaml']): Schema =>
    Object.fromEntries(types.map((type) => [type, { schema }]));
  const { object } = target;
  const meta = (name: string): Schema => reference(structOf(metaGroupVersion, name)!);
  const answer =
    action === 'list' && target.list !== undefined
      ? target.list
      : action.startsWith('delete')
        ? meta('Status')
        : object;
  const body =
    action === 'post' || action === 'put'
      ? content(object, ['application/json', 'application/yaml', 'application/vnd.kubernetes.protobuf'])
      : action === 'patch'
        ? content(meta('Patch'), target.patchTypes)
        : action.startsWith('delete')
          ? content(meta('DeleteOptions'))
          : undefined;
  const answers = answerCodes[action].map((code) => [code, { description: codes[code], content: content(answer) }]);
  return {
    operationId: target.names.operation(action),
    tags: [target.names.tag],
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined ? {} : { requestBody: { content: body } }),
    responses: { ...Object.fromEntries(answers), '401': { description: 'Unauthorized' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': target.kind,
  };
}

const parameter = (name: string, type: string, place = 'query'): Schema => ({
  name,
  in: place,
  ...(descriptions[name] === undefined ? {} : { description: descriptions[name] }),
  ...(place === 'path' ? { required: true } : {}),
  schema: { type, uniqueItems: true },
});

const descriptions: Record<string, string> = {
  allowWatchBookmarks: 'Lets the server send BOOKMARK events, from whose resourceVersion a lost watch can go on.',
  continue: 'The token of the last page of a limited list: asks for the next one, of the same state.',
  dryRun: '"All": does everything but to store the result.',
  fieldManager: 'Whose fields become what this request sets.',
  fieldSelector: 'Restricts the list of returned objects by what their fields are.',
  fieldValidation: 'What to do about unknown and duplicate fields: "Ignore", "Warn" or "Strict".',
  force: 'Takes over fields that others own. For server-side apply only.',
  gracePeriodSeconds: 'How long the object may take to go; 0 means at once.',
  labelSelector: 'Restricts the list of returned objects by their labels.',
  limit: 'How many objects to return at most; a longer list goes on with a continue token.',
  name: 'The name of the object.',
  namespace: 'The namespace that the objects are in.',
  orphanDependents: 'Whether what belongs to the object stays. propagationPolicy says more.',
  pretty: '"true": breaks the answer into indented lines.',
  propagationPolicy: 'What becomes of what belongs to the object: "Orphan", "Background" or "Foreground".',
  resourceVersion: 'The state that the answer is to show, as resourceVersionMatch says; where a watch begins.',
  resourceVersionMatch: '"Exact": that very state; "NotOlderThan": that one or a later one.',
  sendInitialEvents: 'Whether a watch begins with what is there, up to a bookmark that marks the end of it.',
  timeoutSeconds: 'After how long the request ends, watches too.',
  watch: 'Watch for changes to the described resources: they come as they happen, after what is there.',
};

const namespaceParameter = parameter('namespace', 'string', 'path');
const nameParameter = parameter('name', 'string', 'path');
const prettyParameter = parameter('pretty', 'string');
const writeParameters = ['dryRun', 'fieldManager', 'fieldValidation'].map((name) => parameter(name, 'string'));
const patchParameters = [...writeParameters, parameter('force', 'boolean')];
const deleteParameters = [
  parameter('dryRun', 'string'),
  parameter('gracePeriodSeconds', 'integer'),
  parameter('orphanDependents', 'boolean'),
  parameter('propagationPolicy', 'string'),
];
const listParameters = [
  parameter('allowWatchBookmarks', 'boolean'),
  parameter('continue', 'string'),
  parameter('fieldSelector', 'string'),
  parameter('labelSelector', 'string'),
  parameter('limit', 'integer'),
  parameter('resourceVersion', 'string'),
  parameter('resourceVersionMatch', 'string'),
  parameter('sendInitialEvents', 'boolean'),
  parameter('timeoutSeconds', 'integer'),
  parameter('watch', 'boolean'),
];
