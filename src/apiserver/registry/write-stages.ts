import {
  type CheckOptions,
  checkObject,
  clonePlain,
  completeObject,
  errors,
  type FieldError,
  type KubernetesObject,
  type ResourceType,
  resetStatus,
  sameButForTimes,
  trackUpdate,
  typeOf,
  type UnstructuredObject,
  validate,
  validateUpdate,
  warningsOf,
} from '../../api/index.ts';
import type { Clock, Random } from '../../base/index.ts';
import type { Store } from '../../store/index.ts';
import type { Admission, AdmissionAttributes } from '../admission/types.ts';
import { checkRules } from '../custom-rules/index.ts';
import type { EventLeases } from './event-leases.ts';
import { equalJson } from './json.ts';
import { fillMetadata, keepMetadata, settleNamespace } from './metadata.ts';
import { type Storage, storageOf } from './storage.ts';
import { type Strategy, type StrategyServices, strategyOf } from './strategies/index.ts';
import { hasStatus } from './subresources/index.ts';
import type { Companions, DeleteDecision, KeepDecision, PutDecision } from './transact.ts';
import type { DeleteParameters, Guard, ObjectRequest, Registry, WriteParameters } from './types.ts';
import type { WatchCache } from './watch-cache.ts';

/*
 * The way of a write, in order. Each stage may refuse with an ApiError; nothing is written before the last.
 *
 *   check       checkObject      unknown fields, wrong types                                     400
 *   change      update.ts        the body or the patch meets the object that is there            400 404 409 422
 *   default     completeObject   what is left out is filled in
 *   admit       admission        plug-ins that change or refuse                                  403
 *   prepare     here, strategy   what only the system decides; addresses and ports are claimed   422
 *   track       managed-fields   who set which field
 *   validate    validate(Update) the whole object                                                422
 *   confirm     admission        plug-ins that only refuse                                       403
 *   commit      transact.ts      one transaction, if what the stages saw is still so             409
 *
 * When it is not, `change` and what follows run again on what is there now.
 */

/** Who sets fields without saying who it is. */
const DEFAULT_MANAGER = 'unknown';

/** What all writes work with. */
export interface WriteContext extends StrategyServices {
  cache: WatchCache;
  store: Store;
  clock: Clock;
  random: Random;
  admission: Admission;
  eventLeases: EventLeases;
}

/** A write, apart from its object. */
export interface WriteScope {
  type: ResourceType;
  storage: Storage;
  strategy: Strategy;
  request: Omit<ObjectRequest, 'name'> & WriteParameters;
  /** Server-side apply: who set which field is noted already. */
  applied?: true;
}

/** check: refuses or drops what the kind doesn't have. Strict: 400; by default a warning. */
export function check(
  object: KubernetesObject,
  { request }: WriteScope,
  { fieldValidation = request.fieldValidation ?? 'Warn', refuse }: Partial<CheckOptions> = {},
): UnstructuredObject {
  const options = { fieldValidation, duplicates: request.duplicateFields ?? [], ...(refuse ? { refuse } : {}) };
  const checked = checkObject(object, request.type, options);
  warn(request, checked.warnings);
  return checked.object;
}

/** Each warning is given once, however often a write has to be tried. */
function warn({ warnings }: WriteScope['request'], texts: readonly string[]): void {
  for (const text of texts) if (!warnings.includes(text)) warnings.push(text);
}

/** default to confirm, for an object that is not there yet. */
export async function stageCreation(
  context: WriteContext,
  scope: WriteScope,
  draft: UnstructuredObject,
): Promise<PutDecision> {
  const { type, strategy, request } = scope;
  if (draft.metadata.resourceVersion) {
    throw errors.badRequest('resourceVersion should not be set on objects to be created');
  }
  if (type.custom?.terminating) throw errors.definitionTerminating(type);
  settleNamespace(draft, type, request.namespace);
  completeObject(draft, type);
  const asked = clonePlain(draft);
  const attributes = attributesOf('CREATE', scope, draft, undefined);
  await context.admission.admit(attributes);

  fillMetadata(draft, context);
  attributes.name = draft.metadata.name ?? '';
  delete draft.metadata.generation;
  if (strategy.generation) draft.metadata.generation = 1;
  if (hasStatus(type) && !strategy.keepsStatusOnCreate) resetStatus(draft);
  strategy.prepareForCreate?.(draft);
  const companions = strategy.accompany?.(draft, undefined, context) ?? {};
  track(context, scope, draft, undefined, asked);

  refuseInvalid(draft, type, problemsOf(draft, undefined, scope));
  warn(request, warningsOf(draft, undefined, type));
  await context.admission.validate(attributes);
  return putDecision(context, scope, draft, withOperations(companions, attributes), attributes.guards);
}

/** default to confirm, for a changed object. */
export async function stageUpdate(
  context: WriteContext,
  scope: WriteScope,
  draft: UnstructuredObject,
  old: UnstructuredObject,
): Promise<PutDecision | DeleteDecision | KeepDecision> {
  const { type, strategy, request } = scope;
  completeObject(draft, type);
  const asked = clonePlain(draft);
  const attributes = attributesOf('UPDATE', scope, draft, old);
  await context.admission.admit(attributes);

  keepMetadata(draft, old);
  if (request.subresource === undefined) strategy.prepareForUpdate?.(draft, old);
  else if (request.subresource === 'status') strategy.prepareForStatusUpdate?.(draft, old);
  // What a controller reports of the spec is no change of it, whatever annotations go along.
  const isReport = request.subresource === 'status';
  if (strategy.generation && !isReport && specChanged(draft, old, strategy)) {
    draft.metadata.generation = (old.metadata.generation ?? 0) + 1;
  }
  const companions = strategy.accompany?.(draft, old, context) ?? {};
  track(context, scope, draft, old, asked);

  refuseInvalid(draft, type, problemsOf(draft, old, scope));
  if (request.subresource === undefined) warn(request, warningsOf(draft, old, type));
  await context.admission.validate(attributes);
  if (goesNow(draft, old, strategy)) return { type: 'delete', ...departure(context, scope, old) };
  if (sameButForTimes(draft, withoutVersion(old))) return { type: 'keep' };
  return putDecision(context, scope, draft, withOperations(companions, attributes), attributes.guards);
}

function withOperations(companions: Companions, { operations }: AdmissionAttributes): Companions {
  return { ...companions, operations: [...(companions.operations ?? []), ...operations] };
}

/** confirm, for a delete. */
export async function confirmDeletion(
  context: WriteContext,
  scope: WriteScope,
  old: UnstructuredObject,
): Promise<readonly Guard[]> {
  const attributes = attributesOf('DELETE', scope, undefined, old);
  await context.admission.admit(attributes);
  await context.admission.validate(attributes);
  return attributes.guards;
}

/** admit and confirm, for what is created under an object that is there: a pod's binding or eviction, an account's TokenRequest. */
export async function confirmSubresource(
  context: WriteContext,
  scope: WriteScope,
  name: string,
  body: UnstructuredObject,
  parent?: UnstructuredObject,
): Promise<readonly Guard[]> {
  const attributes = { ...attributesOf('CREATE', scope, body, parent), name };
  await context.admission.admit(attributes);
  await context.admission.validate(attributes);
  return attributes.guards;
}

/** What goes along when an object is removed. */
export function departure(context: WriteContext, { strategy }: WriteScope, old: UnstructuredObject): Companions {
  return strategy.accompany?.(undefined, old, context) ?? {};
}

/** How the pieces above are put into one transaction. */
export async function putDecision(
  context: WriteContext,
  { storage, strategy, request }: WriteScope,
  draft: UnstructuredObject,
  companions: Companions,
  guards: readonly Guard[],
): Promise<PutDecision> {
  const lives = strategy.timeToLiveSeconds;
  return {
    type: 'put',
    object: (await storage.conversion?.toStored(draft)) ?? draft,
    ...(lives !== undefined && !request.dryRun ? { lease: await context.eventLeases.lease(lives) } : {}),
    guards: [...guards, ...(companions.guards ?? [])],
    operations: companions.operations,
  };
}

export function scopeOf(request: WriteScope['request'], storage: Storage): WriteScope {
  return { type: request.type, storage, strategy: strategyOf({ ...storage, custom: request.type.custom }), request };
}

function attributesOf(
  operation: AdmissionAttributes['operation'],
  { type, request }: WriteScope,
  object: UnstructuredObject | undefined,
  old: UnstructuredObject | undefined,
): AdmissionAttributes {
  const { subresource, namespace, user, dryRun = false, warnings, auditAnnotations = {} } = request;
  // A connection's options have no metadata.
  const name = (object ?? old)?.metadata?.name ?? '';
  const options = optionsOf(operation, request);
  const what = { operation, type, subresource, namespace, name, object, old, user, dryRun, options };
  return { ...what, warnings, auditAnnotations, guards: [], operations: [], round: 0 };
}

const optionKinds = { CREATE: 'CreateOptions', UPDATE: 'UpdateOptions', DELETE: 'DeleteOptions' } as const;

/** admit and confirm, for a connection to a part of an object. */
export async function confirmConnection(
  { admission }: WriteContext,
  request: Parameters<Registry['connect']>[0],
): Promise<KubernetesObject> {
  const scope = scopeOf(request, storageOf(request.type));
  const object = clonePlain(request.options) as UnstructuredObject;
  const attributes = { ...attributesOf('CONNECT', scope, object, undefined), name: request.name };
  await admission.admit(attributes);
  await admission.validate(attributes);
  return object;
}

/** The request's parameters as meta.k8s.io/v1 has them, for who decides on it. */
function optionsOf(
  operation: AdmissionAttributes['operation'],
  request: WriteParameters & DeleteParameters,
): Record<string, unknown> | null {
  if (operation === 'CONNECT') return null;
  const { dryRun, fieldManager, fieldValidation } = request;
  const { gracePeriodSeconds, orphanDependents, preconditions, propagationPolicy } = request;
  const parameters =
    operation === 'DELETE'
      ? { gracePeriodSeconds, orphanDependents, preconditions, propagationPolicy }
      : { fieldManager, fieldValidation };
  const given = Object.entries(parameters).filter(([, value]) => value !== undefined);
  return {
    kind: optionKinds[operation],
    apiVersion: 'meta.k8s.io/v1',
    ...(dryRun ? { dryRun: ['All'] } : {}),
    ...Object.fromEntries(given),
  };
}

/** validate: what is wrong with a new object, or with changing `old` into it. */
function problemsOf(
  draft: UnstructuredObject,
  old: UnstructuredObject | undefined,
  { type, strategy, request }: WriteScope,
): FieldError[] {
  const found = old === undefined ? validate(draft, type) : validateUpdate(draft, old, type, request.subresource);
  const problems = [...found, ...(strategy.validate?.(draft, old) ?? [])];
  if (type.custom === undefined) return problems;
  const tell = (text: string): void => warn(request, [text]);
  return [...problems, ...checkRules(draft, old, type.custom.schema, problems, tell)];
}

function refuseInvalid(object: UnstructuredObject, type: ResourceType, problems: readonly FieldError[]): void {
  if (problems.length > 0)
    throw errors.invalid(type, object.metadata.name ?? object.metadata.generateName ?? '', problems);
}

/** An object that was only waiting for its last finalizer goes with the update that takes it out. */
function goesNow(draft: UnstructuredObject, old: UnstructuredObject, strategy: Strategy): boolean {
  if (!old.metadata.deletionTimestamp || draft.metadata.finalizers?.length) return false;
  return !old.metadata.deletionGracePeriodSeconds && (strategy.mayGo?.(draft) ?? true);
}

function specChanged(draft: UnstructuredObject, old: UnstructuredObject, strategy: Strategy): boolean {
  const { metadata: a, status, ...spec } = draft;
  const { metadata: b, status: statusBefore, ...before } = old;
  if (!equalJson(spec, before)) return true;
  if (strategy.generationCountsStatus === true && !equalJson(status, statusBefore)) return true;
  return strategy.generationCountsAnnotations === true && !equalJson(a.annotations ?? {}, b.annotations ?? {});
}

function withoutVersion(object: UnstructuredObject): UnstructuredObject {
  const { resourceVersion: _, ...metadata } = object.metadata;
  return { ...object, metadata };
}

/** Notes in managedFields what the writer changed, who `asked` for it so; the rest is admission's. */
function track(
  { clock }: WriteContext,
  { request, applied }: WriteScope,
  draft: UnstructuredObject,
  old: UnstructuredObject | undefined,
  asked: UnstructuredObject,
): void {
  const type = request.type.custom?.description ?? typeOf(draft.apiVersion, draft.kind);
  if (applied || type === undefined) return;
  const { fieldManager = DEFAULT_MANAGER, subresource } = request;
  trackUpdate({ type, live: old, next: draft, asked, manager: fieldManager, subresource, now: clock.now() });
}
