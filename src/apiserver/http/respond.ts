import { constants, gzip } from 'node:zlib';
import { ApiError, encodeProtobuf, errors, type Status } from '../../api/index.ts';
import { errorMessage } from '../../base/index.ts';
import type { Exchange } from '../exchange.ts';
import { mediaTypes, negotiate, parseAccept } from './accept.ts';

/** Answers smaller than this are not worth the work of compressing; Kubernetes' threshold. */
const GZIP_FROM_BYTES = 128 * 1024;

/** Sends a whole body, compressed when it is large and the client takes gzip. */
export async function sendBody(
  exchange: Exchange,
  code: number,
  contentType: string,
  body: Buffer | string,
): Promise<void> {
  const { request, response } = exchange;
  if (response.headersSent || response.destroyed) return;
  let bytes = typeof body === 'string' ? Buffer.from(body) : body;
  exchange.sent = bytes;
  setWarnings(exchange);
  response.setHeader('Content-Type', contentType);
  response.setHeader('Cache-Control', response.getHeader('Cache-Control') ?? 'no-cache, private');
  if (/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''))) {
    // Whether it is compressed or not: caches must know that it may be.
    response.appendHeader('Vary', 'Accept-Encoding');
    if (bytes.length >= GZIP_FROM_BYTES) {
      bytes = await compress(bytes);
      response.setHeader('Content-Encoding', 'gzip');
    }
  }
  response.setHeader('Content-Length', bytes.length);
  response.writeHead(code);
  response.end(request.method === 'HEAD' ? undefined : bytes);
}

export function sendJson(exchange: Exchange, code: number, value: unknown): Promise<void> {
  return sendJsonBody(exchange, code, JSON.stringify(value));
}

/** Sends finished JSON: as it is to programs, indented to people. */
export function sendJsonBody(exchange: Exchange, code: number, body: Buffer | string): Promise<void> {
  const shown = isForPeople(exchange) ? JSON.stringify(JSON.parse(body.toString()), undefined, 2) : body;
  return sendBody(exchange, code, 'application/json', shown);
}

/** Whoever does not say what they want is a person if they come with a browser, curl or wget. */
function isForPeople({ query, request }: Exchange): boolean {
  const pretty = query.get('pretty');
  if (pretty) return /^(?:1|t|true)$/i.test(pretty);
  return /^(?:curl|Wget|Mozilla\/5\.0)/.test(request.headers['user-agent'] ?? '');
}

export function sendText(exchange: Exchange, code: number, text: string): Promise<void> {
  return sendBody(exchange, code, 'text/plain; charset=utf-8', text);
}

/** The Status that tells a client of `error`: an ApiError's own, else an InternalError. */
export function statusOf(error: unknown): Status {
  if (error instanceof ApiError) return error.status;
  return errors.internalError(errorMessage(error)).status;
}

/** Sends a failure as a Status object. A body that was not read to its end costs the connection. */
export async function sendError(exchange: Exchange, error: unknown): Promise<void> {
  const status = statusOf(error);
  exchange.failure = status;
  const { request, response } = exchange;
  if (response.headersSent) {
    response.destroy();
    return;
  }
  if (!request.complete && request.httpVersionMajor === 1) response.setHeader('Connection', 'close');
  if (status.details?.retryAfterSeconds !== undefined)
    response.setHeader('Retry-After', status.details.retryAfterSeconds);
  await sendStatus(exchange, status);
}

/** Sends a Status, in JSON where the client has no other wish. */
export async function sendStatus(exchange: Exchange, status: Status): Promise<void> {
  const ranges = parseAccept(exchange.request.headers.accept);
  if (negotiate(ranges, { tables: false, protobuf: true })?.encoding === 'protobuf') {
    await sendBody(exchange, status.code, mediaTypes.protobuf, encodeProtobuf(status));
  } else await sendJson(exchange, status.code, status);
}

/** Characters of all warnings together, and beyond that of each; as many as Kubernetes lets through. */
const MAX_WARNINGS = 4096;
const MAX_WARNING = 256;

/** Sets a `Warning` header for each text the stages left; kubectl prints them. */
export function setWarnings({ response, warnings }: Exchange): void {
  if (warnings.length > 0)
    response.setHeader(
      'Warning',
      bounded(warnings).map((text) => `299 - ${quote(text)}`),
    );
}

/** Webhooks and policies may have much to say, and headers have a limit. */
function bounded(warnings: readonly string[]): readonly string[] {
  const sizeOf = (texts: readonly string[]): number => texts.reduce((size, text) => size + text.length, 0);
  if (sizeOf(warnings) <= MAX_WARNINGS) return warnings;
  const kept = warnings.map((text) => text.slice(0, MAX_WARNING));
  while (sizeOf(kept) > MAX_WARNINGS) kept.pop();
  return kept;
}

function quote(text: string): string {
  // Header values must be printable ASCII; the text is for people.
  return `"${text.replace(/[^\x20-\x7e]+/g, ' ').replace(/[\\"]/g, '\\$&')}"`;
}

function compress(bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    gzip(bytes, { level: constants.Z_BEST_SPEED }, (error, result) => (error ? reject(error) : resolve(result)));
  });
}
