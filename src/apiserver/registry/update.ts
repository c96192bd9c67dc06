import {
  apiVersionOf,
  applyConfiguration,
  applyPatch,
  clonePlain,
  type DecodingMistake,
  errors,
  type FieldError,
  fieldPath,
  forbiddenField,
  goPrinted,
  invalidValue,
  isPlainObject,
  type ObjectMeta,
  type PatchKind,
  refuseUndeclared,
  required,
  requireKind,
  type TypeDescription,
  typeOf,
  type UnstructuredObject,
} from '../../api/index.ts';
import { commit, outcomeOf, withVersion } from './commit.ts';
import { ComputedObject } from './encoded.ts';
import { checkIdentity } from './metadata.ts';
import { checkPreconditions } from './preconditions.ts';
import { prepareServed, servedForm, storageOf } from './storage.ts';
import { subresourceOf } from './subresources/index.ts';
import type { Encoded, ObjectRequest, Registry, WriteParameters } from './types.ts';
import { check, scopeOf, stageCreation, stageUpdate, type WriteContext, type WriteScope } from './write-stages.ts';

interface Changed {
  result: Encoded;
  created: boolean;
}

/** PUT. */
export async function updateObject(
  context: WriteContext,
  request: Parameters<Registry['update']>[0],
): Promise<Changed> {
  const scope = scopeOf(request, storageOf(request.type));
  const body = check(request.object, scope);
  body.metadata ??= {};
  checkIdentity(body, request.namespace, request.name);
  const creates = scope.strategy.createsOnUpdate === true && request.subresource === undefined;
  return changeObject(context, scope, request, () => body, creates);
}

const APPLY = 'application/apply-patch+yaml';

const patchKinds: ReadonlyMap<string, PatchKind> = new Map([
  ['application/json-patch+json', 'json'],
  ['application/merge-patch+json', 'merge'],
  ['application/strategic-merge-patch+json', 'strategic'],
]);

/** PATCH: what the patch makes of the object is written like a PUT; on a conflict the patch is applied to what is there then. */
export async function patchObject(context: WriteContext, request: Parameters<Registry['patch']>[0]): Promise<Changed> {
  const { type, patchType, patch, force } = request;
  const scope = scopeOf(request, storageOf(type));
  if (patchType === APPLY) return applyObject(context, scope, request);
  const kind = patchKinds.get(patchType);
  const known = [...patchKinds].flatMap(([name, each]) => (type.custom && each === 'strategic' ? [] : [name]));
  // How lists of custom resources are merged strategically nobody says.
  if (kind === undefined || !known.includes(patchType)) throw errors.unsupportedMediaType([...known, APPLY]);
  if (force !== undefined)
    throw optionsInvalid(forbiddenField(fieldPath('force'), 'may not be specified for non-apply patch'));
  const change = (view: UnstructuredObject | undefined): UnstructuredObject => {
    if (view === undefined) throw errors.notFound(type, request.name);
    const patched = applyPatch(kind, view, patch, descriptionOf(request, view)) as UnstructuredObject;
    requireKind(patched, view);
    patched.metadata ??= {};
    const refuse = (mistake: DecodingMistake): Error => unfitPatch(kind, patch, patched, mistake);
    return check(patched, scope, { refuse });
  };
  return changeObject(context, scope, request, change, false);
}

/** 422 of a patch that makes of an object what is none of its kind; it shows the patch, or what came out. */
function unfitPatch(kind: PatchKind, patch: unknown, patched: object, { text, restoring }: DecodingMistake): Error {
  const path = fieldPath('patch');
  const problem =
    kind === 'strategic'
      ? invalidValue(path, goPrinted(patch), restoring)
      : invalidValue(path, JSON.stringify(patched), text);
  return errors.invalid({ group: '', kind: '' }, '', [problem]);
}

/** Server-side apply: creates what isn't there. */
async function applyObject(
  context: WriteContext,
  scope: WriteScope,
  request: Parameters<Registry['patch']>[0],
): Promise<Changed> {
  const { name, namespace, subresource, fieldManager: manager, force = false } = request;
  if (!manager) throw optionsInvalid(required(fieldPath('fieldManager'), 'is required for apply patch'));
  const config = configurationOf(request.patch);
  if (isPlainObject(config.metadata)) config.metadata.name ||= name;
  requireKind(config, expectedKind(request));
  const type = descriptionOf(request, config);
  refuseUndeclared(config, type);
  refuseDuplicates(request);
  // Only for what is to be refused or told: what is applied are the fields as the client wrote them.
  check(config, scope);
  checkIdentity(config, namespace, name);
  const change = (view: UnstructuredObject | undefined): UnstructuredObject => {
    const parameters = { type, live: view, manager, subresource, now: context.clock.now(), config, force };
    return check(applyConfiguration(parameters) as UnstructuredObject, scope, { fieldValidation: 'Ignore' });
  };
  return changeObject(context, { ...scope, applied: true }, request, change, subresource === undefined);
}

/** What is to be applied; null stands for nothing. 400 when it is no object at all, in Go's words. */
function configurationOf(patch: unknown): UnstructuredObject {
  const config = clonePlain(patch ?? {});
  if (!isPlainObject(config)) {
    const kind = Array.isArray(config) ? 'array' : typeof config === 'boolean' ? 'bool' : typeof config;
    throw errors.badRequest(
      `error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal ${kind} into Go value of type map[string]interface {}`,
    );
  }
  config['metadata'] ??= {};
  return config as unknown as UnstructuredObject;
}

/** 400 with `Strict`, in the words of Kubernetes' YAML reader, which reads configurations. */
function refuseDuplicates({ fieldValidation, duplicateFields = [] }: WriteParameters): void {
  if (fieldValidation !== 'Strict' || duplicateFields.length === 0) return;
  const lines = duplicateFields.map((line) => `\n  ${line}`).join('');
  throw errors.badRequest(`error strict decoding YAML: error converting YAML to JSON: yaml: unmarshal errors:${lines}`);
}

function expectedKind({ type, subresource }: ObjectRequest): { apiVersion: string; kind: string } {
  const expected = type.subresources.find(({ name }) => name === subresource) ?? type;
  return { apiVersion: apiVersionOf(expected), kind: expected.kind };
}

function descriptionOf(
  { type, subresource }: ObjectRequest,
  { apiVersion, kind }: UnstructuredObject,
): TypeDescription {
  const description = (subresource === 'scale' ? undefined : type.custom?.description) ?? typeOf(apiVersion, kind);
  if (description === undefined) throw errors.badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
  return description;
}

function optionsInvalid(problem: FieldError): Error {
  return errors.invalid({ group: 'meta.k8s.io', kind: 'PatchOptions' }, '', [problem]);
}

/** `change` gets what the client sees of the object (undefined: it isn't there) and must not alter it. */
async function changeObject(
  context: WriteContext,
  scope: WriteScope,
  request: ObjectRequest & WriteParameters,
  change: (view: UnstructuredObject | undefined) => UnstructuredObject,
  creates: boolean,
): Promise<Changed> {
  const { type, storage } = scope;
  const { namespace, name, subresource } = request;
  const part = subresourceOf(type, subresource);
  if (part === undefined) throw errors.methodNotAllowed(type, 'update');
  let draft: UnstructuredObject;
  const transaction = await commit(context, scope, name, async (current) => {
    if (current === undefined) {
      if (!creates) throw errors.notFound(type, name);
      draft = clonePlain(change(undefined));
      const { uid } = draft.metadata;
      // Who sends a uid means to change an object, and that one is gone.
      if (uid) checkPreconditions(type, { ...draft, metadata: { name } }, { uid });
      delete draft.metadata.resourceVersion;
      return stageCreation(context, scope, draft);
    }
    await prepareServed(storage, [current]);
    const old = servedForm(storage, current).object as UnstructuredObject;
    const changed = change(part.view(old));
    checkIdentity(changed, namespace, name);
    checkVersion(scope, changed.metadata, old);
    draft = part.apply(changed, old);
    return stageUpdate(context, scope, draft, old);
  });
  const { decision, previous, stored } = transaction;
  // Whose last finalizer was taken out is gone; the answer is what the client made of it.
  const outcome =
    decision.type === 'delete'
      ? new ComputedObject(withVersion(draft!, (stored ?? previous)!.revision))
      : await outcomeOf(scope, transaction);
  const shown = part.view(outcome.object as UnstructuredObject);
  return {
    result: shown === outcome.object ? outcome : new ComputedObject(shown),
    created: previous === undefined,
  };
}

/** 409 unless the change was made to the object as it is now. */
function checkVersion({ type, strategy, request }: WriteScope, changed: ObjectMeta, old: UnstructuredObject): void {
  const { name = '', uid, resourceVersion } = changed;
  if (uid) checkPreconditions(type, old, { uid });
  if (resourceVersion && resourceVersion !== '0') {
    if (resourceVersion !== old.metadata.resourceVersion) throw errors.conflict(type, name);
  } else if (strategy.requiresResourceVersion && request.subresource === undefined) {
    const path = fieldPath('metadata', 'resourceVersion');
    throw errors.invalid({ group: type.group, kind: type.resource }, name, [
      invalidValue(path, 0, 'must be specified for an update'),
    ]);
  }
}
