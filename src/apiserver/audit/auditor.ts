import type { ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { decodeProtobuf, parseYaml } from '../../api/index.ts';
import type { Clock, Random } from '../../base/index.ts';
import { type Exchange, originalUser } from '../exchange.ts';
import { bodyOf } from '../http/body.ts';
import { bodyFormatOf } from '../http/decode.ts';
import { statusOf } from '../http/respond.ts';
import { randomUuid } from '../registry/metadata.ts';
import { auditEvent, type LoggedObject } from './event.ts';
import { type AuditDecision, type AuditPolicy, decide, type Stage } from './policy.ts';

/** Where events go. Must not throw. */
export type AuditSink = (event: Record<string, unknown>) => void;

/** Writes down who asked for what, and what became of it. */
export interface Auditor {
  /** Call when it is known who asks; the rest is seen by itself. */
  begin(exchange: Exchange): void;
  /** The same for a request that wants its connection for itself: `socket` closes at its end. Call what is returned when it gets it. */
  beginUpgrade(exchange: Exchange, socket: Duplex): () => void;
  /** Nobody is known to have asked. */
  unauthenticated(exchange: Exchange, error: unknown): void;
}

const AUDIT_ID = 'audit-id';
const MAX_ID = 64;
/** HTTP's "switching protocols". */
const SWITCHED = 101;
const LONG_VERBS = new Set(['watch', 'proxy']);
const LONG_SUBRESOURCES = /^(attach|exec|log|portforward|proxy)(\/|$)/;

export function createAuditor(options: {
  policy: AuditPolicy;
  sink: AuditSink;
  clock: Clock;
  random: Random;
}): Auditor {
  const { policy, sink, clock, random } = options;

  interface Entry {
    decision: AuditDecision;
    emit(stage: Stage, answer?: { code: number }): void;
  }

  const open = (exchange: Exchange): Entry => {
    const decision = decide(policy, exchange.info, originalUser(exchange));
    const given = exchange.request.headers[AUDIT_ID]?.toString();
    const auditId = given !== undefined && given.length <= MAX_ID ? given : randomUuid(random);
    if (!exchange.response.headersSent) exchange.response.setHeader('Audit-Id', auditId);
    const receivedAtMs = clock.now();
    return {
      decision,
      emit(stage, answer) {
        const { level, omitStages, omitManagedFields } = decision;
        if (level === 'None' || omitStages.has(stage)) return;
        const withBodies = stage === 'ResponseComplete' || stage === 'ResponseStarted';
        const logged = (object: LoggedObject): LoggedObject =>
          omitManagedFields ? withoutManagedFields(object) : object;
        const requested = withBodies && (level === 'Request' || level === 'RequestResponse');
        const responded = stage === 'ResponseComplete' && level === 'RequestResponse';
        sink(
          auditEvent({
            auditId,
            level,
            stage,
            exchange,
            receivedAtMs,
            nowMs: clock.now(),
            answer: answer && { ...answer, failure: exchange.failure },
            ...(requested ? { requestObject: logged(requestObjectOf(exchange)) } : {}),
            ...(responded ? { responseObject: logged(jsonObject(exchange.sent)) } : {}),
          }),
        );
      },
    };
  };

  return {
    begin(exchange) {
      const { emit } = open(exchange);
      const { response } = exchange;
      emit('RequestReceived');
      if (isLong(exchange)) onHeaders(response, () => emit('ResponseStarted', { code: response.statusCode }));
      response.once('close', () => emit('ResponseComplete', { code: response.statusCode }));
    },
    beginUpgrade(exchange, socket) {
      const { emit } = open(exchange);
      emit('RequestReceived');
      socket.once('close', () => emit('ResponseComplete', { code: exchange.failure?.code ?? SWITCHED }));
      return () => emit('ResponseStarted', { code: SWITCHED });
    },
    unauthenticated(exchange, error) {
      const { emit } = open(exchange);
      exchange.failure = statusOf(error);
      emit('ResponseStarted', { code: exchange.failure.code });
    },
  };
}

function isLong({ info }: Exchange): boolean {
  return LONG_VERBS.has(info.verb) || LONG_SUBRESOURCES.test(info.subresource);
}

function onHeaders(response: ServerResponse, listener: () => void): void {
  const writeHead = response.writeHead.bind(response) as (...args: unknown[]) => ServerResponse;
  response.writeHead = ((...args: unknown[]) => {
    const result = writeHead(...args);
    listener();
    return result;
  }) as ServerResponse['writeHead'];
}

/** The body that was read, as an object; undefined when there was none, or it can't be read. */
function requestObjectOf(exchange: Exchange): LoggedObject {
  const body = bodyOf(exchange.request);
  if (body === undefined || body.length === 0) return undefined;
  const format = bodyFormatOf(exchange);
  if (format === undefined || format === 'json') return jsonObject(body);
  try {
    const object = format === 'protobuf' ? decodeProtobuf(body).object : parseYaml(body).value;
    return object as unknown as LoggedObject;
  } catch {
    return undefined;
  }
}

function jsonObject(body: Buffer | undefined): LoggedObject {
  if (body === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function withoutManagedFields(object: LoggedObject): LoggedObject {
  if (object === undefined) return undefined;
  const strip = (each: Record<string, unknown>): Record<string, unknown> => {
    const { managedFields: _, ...metadata } = (each['metadata'] ?? {}) as Record<string, unknown>;
    return 'metadata' in each ? { ...each, metadata } : each;
  };
  const items = object['items'];
  const stripped = strip(object);
  return Array.isArray(items) ? { ...stripped, items: items.map(strip) } : stripped;
}
