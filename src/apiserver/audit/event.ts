import { formatMicroTime, type Status } from '../../api/index.ts';
import { PATCH_ANNOTATIONS } from '../admission/annotations.ts';
import type { Decision } from '../authorization/types.ts';
import type { Exchange } from '../exchange.ts';
import type { User } from '../registry/types.ts';
import { reviewedUser } from '../reviews/review.ts';
import type { Level, Stage } from './policy.ts';

/** An object as it goes into the log. */
export type LoggedObject = Record<string, unknown> | undefined;

export interface EventInput {
  auditId: string;
  level: Level;
  stage: Stage;
  exchange: Exchange;
  /** Milliseconds since 1970. */
  receivedAtMs: number;
  nowMs: number;
  /** Absent before there is one. */
  answer?: { code: number; failure: Status | undefined } | undefined;
  requestObject?: LoggedObject;
  responseObject?: LoggedObject;
}

const MAX_USER_AGENT = 1024;

/** One audit.k8s.io/v1 Event. */
export function auditEvent(input: EventInput): Record<string, unknown> {
  const { exchange, answer, requestObject, responseObject, stage } = input;
  const { request, info, user, impersonator } = exchange;
  return {
    kind: 'Event',
    apiVersion: 'audit.k8s.io/v1',
    level: input.level,
    auditID: input.auditId,
    stage,
    requestURI: request.url ?? '',
    verb: info.verb,
    user: userOf(impersonator ?? user),
    ...(impersonator === undefined ? {} : { impersonatedUser: userOf(user) }),
    sourceIPs: [request.socket.remoteAddress ?? ''].filter((address) => address !== ''),
    ...(request.headers['user-agent'] === undefined
      ? {}
      : { userAgent: request.headers['user-agent'].slice(0, MAX_USER_AGENT) }),
    ...(info.isResource ? { objectRef: objectRefOf(exchange, requestObject) } : {}),
    ...(answer === undefined ? {} : { responseStatus: statusOf(answer) }),
    ...(requestObject === undefined ? {} : { requestObject }),
    ...(responseObject === undefined ? {} : { responseObject }),
    requestReceivedTimestamp: formatMicroTime(input.receivedAtMs),
    stageTimestamp: formatMicroTime(input.nowMs),
    ...(stage === 'RequestReceived' ? {} : annotationsOf(exchange, input.level)),
  };
}

/** By key. What tells of objects' content is left out where objects are. */
function annotationsOf({ decision, auditAnnotations }: Exchange, level: Level): { annotations?: object } {
  const noted = Object.entries(auditAnnotations).filter(
    ([key]) => level !== 'Metadata' || !key.startsWith(PATCH_ANNOTATIONS),
  );
  const all = decision === undefined ? noted : [...noted, ...authorizationOf(decision)];
  if (all.length === 0) return {};
  return { annotations: Object.fromEntries(all.toSorted(([a], [b]) => (a < b ? -1 : 1))) };
}

function authorizationOf({ allowed, reason }: Decision): [string, string][] {
  return [
    ['authorization.k8s.io/decision', allowed ? 'allow' : 'forbid'],
    ['authorization.k8s.io/reason', reason],
  ];
}

function userOf(user: User): Record<string, unknown> {
  return reviewedUser(user);
}

function objectRefOf({ info }: Exchange, object: LoggedObject): Record<string, string> {
  const { group, version, resource, subresource, namespace, name } = info;
  const metadata = (object?.['metadata'] ?? {}) as Record<string, unknown>;
  const own = (field: string): string => (typeof metadata[field] === 'string' ? metadata[field] : '');
  const fields = {
    resource,
    namespace: namespace ?? '',
    name: name || own('name'),
    uid: own('uid'),
    apiGroup: group,
    apiVersion: version,
    resourceVersion: own('resourceVersion'),
    subresource,
  };
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== ''));
}

function statusOf({ code, failure }: NonNullable<EventInput['answer']>): Record<string, unknown> {
  if (failure === undefined) return { metadata: {}, code };
  const { status, message, reason, details } = failure;
  return { metadata: {}, status, message, reason, ...(details === undefined ? {} : { details }), code };
}
