import { type FieldError, fieldErrorBody, fieldErrorText } from './field-errors.ts';
import { qualifiedResource } from './resource.ts';
import { ApiError, type Status, type StatusCause, type StatusDetails } from './status.ts';
import { quote } from './text.ts';

/** What an error names a resource by. */
export interface GroupResource {
  group: string;
  resource: string;
}

/** What an error names a kind by. */
export interface GroupKind {
  group: string;
  kind: string;
}

/** A request that an authorizer refused, as far as its text needs. */
export interface RefusedRequest {
  user: string;
  verb: string;
  /** With a resource, the rest says which; else `path` does. */
  resource?: string;
  subresource?: string;
  group?: string;
  namespace?: string;
  name?: string;
  path?: string;
  /** Why, if the authorizer says. */
  reason?: string;
}

/** 404: `deployments.apps "web" not found`. */
export function notFound(type: GroupResource, name: string): ApiError {
  return failure(404, 'NotFound', `${qualifiedResource(type)} ${quote(name)} not found`, about(type, name));
}

/** 404 for a path or kind that isn't served at all. */
export function resourceNotFound(): ApiError {
  return failure(404, 'NotFound', 'the server could not find the requested resource', {});
}

/** 409: an object of that name is there. */
export function alreadyExists(type: GroupResource, name: string): ApiError {
  return failure(409, 'AlreadyExists', `${qualifiedResource(type)} ${quote(name)} already exists`, about(type, name));
}

/** 409: `generateName` met a name in use every time it tried. */
export function generateNameConflict(type: GroupResource, name: string): ApiError {
  const message = `${qualifiedResource(type)} ${quote(name)} already exists, the server was not able to generate a unique name for the object`;
  return failure(409, 'AlreadyExists', message, { ...about(type, name), retryAfterSeconds: 1 });
}

const modifiedText = 'the object has been modified; please apply your changes to the latest version and try again';

/** 409: the object isn't what the caller thinks; by default because its resourceVersion moved on. */
export function conflict(type: GroupResource, name: string, text: string = modifiedText): ApiError {
  const message = `Operation cannot be fulfilled on ${qualifiedResource(type)} ${quote(name)}: ${text}`;
  return failure(409, 'Conflict', message, about(type, name));
}

/** 409 of server-side apply: other managers own fields with other values. */
export function applyConflict(causes: StatusCause[], message: string): ApiError {
  return failure(409, 'Conflict', message, { causes });
}

/** 422: each field error becomes a cause, and all of them the message. */
export function invalid(type: GroupKind, name: string, fieldErrors: readonly FieldError[]): ApiError {
  const causes = fieldErrors.map((error) => ({
    reason: error.type,
    message: fieldErrorBody(error),
    field: error.field,
  }));
  const texts = [...new Set(fieldErrors.map(fieldErrorText))];
  const kind = type.group === '' ? type.kind : `${type.kind}.${type.group}`;
  const list = texts.length === 0 ? '' : `: ${texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`}`;
  return failure(422, 'Invalid', `${kind} ${quote(name)} is invalid${list}`, {
    ...(name === '' ? {} : { name }),
    ...(type.group === '' ? {} : { group: type.group }),
    ...(type.kind === '' ? {} : { kind: type.kind }),
    ...(causes.length === 0 ? {} : { causes }),
  });
}

/** 422 of a JSON patch that doesn't fit the object; `text` says which operation and why. */
export function patchRefused(text: string): ApiError {
  return failure(422, 'Invalid', `the server rejected our request due to an error in our request: ${text}`, {});
}

/** 400 with that text. */
export function badRequest(text: string): ApiError {
  return failure(400, 'BadRequest', text);
}

/** 401: who the caller is could not be established. */
export function unauthorized(text = 'Unauthorized'): ApiError {
  return failure(401, 'Unauthorized', text);
}

/** 403 with a text of one's own: `pods "x" is forbidden: TEXT`; admission refuses so. */
export function forbidden(type: GroupResource, name: string, text: string): ApiError {
  const subject = type.resource === '' ? 'forbidden' : `${subjectOf(type, name)} is forbidden`;
  return failure(403, 'Forbidden', `${subject}: ${text}`, about(type, name));
}

/** 403 of an authorizer: who cannot do what, where. */
export function accessDenied(request: RefusedRequest): ApiError {
  const { user, verb, resource, subresource, group = '', namespace, name = '', path = '', reason } = request;
  const who = `User ${quote(user)} cannot ${verb}`;
  const why = reason ? `: ${reason}` : '';
  if (resource === undefined) return failure(403, 'Forbidden', `forbidden: ${who} path ${quote(path)}${why}`, {});
  const what = quote(subresource ? `${resource}/${subresource}` : resource);
  const where = namespace ? `in the namespace ${quote(namespace)}` : 'at the cluster scope';
  return forbidden({ group, resource }, name, `${who} resource ${what} in API group ${quote(group)} ${where}${why}`);
}

/** 405: the resource has no such verb. */
export function methodNotAllowed(type: GroupResource, verb: string): ApiError {
  const message = `${verb} is not supported on resources of kind ${quote(qualifiedResource(type))}`;
  return failure(405, 'MethodNotAllowed', message, about(type, ''));
}

/** 405: the definition of a custom resource is being deleted, and its objects with it. */
export function definitionTerminating(type: GroupResource): ApiError {
  const message = 'create not allowed while custom resource definition is terminating';
  return failure(405, 'MethodNotAllowed', message, about(type, ''));
}

/** 406: nothing the client accepts can be produced. */
export function notAcceptable(supported: readonly string[]): ApiError {
  return failure(406, 'NotAcceptable', `only the following media types are accepted: ${supported.join(', ')}`);
}

/** 410: history before that point is compacted; the client has to list anew. */
export function expired(text: string): ApiError {
  return failure(410, 'Expired', text);
}

/** 410 of a watch from a revision that is compacted. */
export function watchExpired(): ApiError {
  return expired('The resourceVersion for the provided watch is too old.');
}

/** 410 of a list at an exact revision that is compacted. */
export function listExpired(): ApiError {
  return expired('The resourceVersion for the provided list is too old.');
}

/** 410 of a watch cache that holds `oldest` and newer only. */
export function tooOldResourceVersion(requested: number | string, oldest: number | string): ApiError {
  return expired(`too old resource version: ${requested} (${oldest})`);
}

/** 410 of a paged list whose revision is compacted; with a token to go on inconsistently, if given. */
export function continueExpired(inconsistentContinue = ''): ApiError {
  const message =
    inconsistentContinue === ''
      ? 'The provided continue parameter is too old to display a consistent list result. You must start a new list without the continue parameter.'
      : 'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.';
  const error = expired(message);
  if (inconsistentContinue !== '') error.status.metadata.continue = inconsistentContinue;
  return error;
}

/** 410 without a way to go on. */
export function gone(text: string): ApiError {
  return failure(410, 'Gone', text);
}

/** 413: the body is over the limit. */
export function requestEntityTooLarge(limitBytes: number): ApiError {
  const message = `Request entity too large: limit is ${limitBytes}`;
  return failure(413, 'RequestEntityTooLarge', message);
}

/** 431: so many or such long headers are not read. */
export function headersTooLarge(limitBytes: number): ApiError {
  return failure(431, 'BadRequest', `the request's headers are too large: limit is ${limitBytes} bytes`);
}

/** 413: a JSON patch has too many operations. */
export function tooManyPatchOperations(limit: number, actual: number): ApiError {
  const text = `The allowed maximum operations in a JSON patch is ${limit}, got ${actual}`;
  return failure(413, 'RequestEntityTooLarge', `Request entity too large: ${text}`);
}

/** 415: the body is in a format that this endpoint doesn't read. */
export function unsupportedMediaType(supported: readonly string[]): ApiError {
  const message = `the body of the request was in an unknown format - accepted media types include: ${supported.join(', ')}`;
  return failure(415, 'UnsupportedMediaType', message);
}

/** 429, to be tried again after a while. */
export function tooManyRequests(text: string, retryAfterSeconds = 1): ApiError {
  return failure(429, 'TooManyRequests', text, { retryAfterSeconds });
}

/** 429 of an eviction that a disruption budget doesn't allow now. */
export function evictionRefused(text: string, budgetText: string): ApiError {
  return failure(429, 'TooManyRequests', text, { causes: [{ reason: 'DisruptionBudget', message: budgetText }] });
}

/** 500: our fault. The text must not leak what the caller may not see. */
export function internalError(text: string, options?: { cause?: unknown }): ApiError {
  const details = { causes: [{ message: text }] };
  return failure(500, 'InternalError', `Internal error occurred: ${text}`, details, options);
}

/** 500 of an operation that failed for now; nothing was done. */
export function serverTimeout(type: GroupResource, operation: string, retryAfterSeconds = 1): ApiError {
  const message = `The ${operation} operation against ${qualifiedResource(type)} could not be completed at this time, please try again.`;
  return failure(500, 'ServerTimeout', message, { ...about(type, operation), retryAfterSeconds });
}

/** 503: not ready to serve. */
export function serviceUnavailable(text: string): ApiError {
  return failure(503, 'ServiceUnavailable', text);
}

/** 504: the outcome is unknown; it may yet happen. */
export function timeout(text: string, retryAfterSeconds = 0): ApiError {
  return failure(504, 'Timeout', `Timeout: ${text}`, retryAfterSeconds > 0 ? { retryAfterSeconds } : {});
}

/** 504 of a read "not older than" a revision that this server hasn't seen in time. */
export function tooLargeResourceVersion(requested: number | string, current: number | string): ApiError {
  const error = timeout(`Too large resource version: ${requested}, current: ${current}`, 1);
  error.status.details = {
    ...error.status.details,
    causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
  };
  return error;
}

/** The answer to a request that succeeded and has no object to show, such as a finished delete. */
export function successStatus(details?: StatusDetails): Status {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    ...(details === undefined ? {} : { details }),
    code: 200,
  };
}

function failure(
  code: number,
  reason: string,
  message: string,
  details?: StatusDetails,
  options?: { cause?: unknown },
): ApiError {
  const status: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure', message, reason, code };
  if (details !== undefined) status.details = details;
  return new ApiError(status, options);
}

function about(type: GroupResource, name: string): StatusDetails {
  return {
    ...(name === '' ? {} : { name }),
    ...(type.group === '' ? {} : { group: type.group }),
    ...(type.resource === '' ? {} : { kind: type.resource }),
  };
}

function subjectOf(type: GroupResource, name: string): string {
  return name === '' ? qualifiedResource(type) : `${qualifiedResource(type)} ${quote(name)}`;
}
