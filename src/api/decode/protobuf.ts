/** Bodies in Kubernetes' protobuf: an envelope that names the kind, around its message. */
import { typeOf } from '../description/index.ts';
import { badRequest } from '../errors.ts';
import type { UnstructuredObject } from '../object.ts';
import type { PlainObject } from '../plain.ts';
import { decodeMessage } from './message.ts';
import { WireError, WireReader } from './wire.ts';

const prefix = Buffer.from('k8s\0');

/** What a body is when its envelope doesn't say: the kind that the path asks for. */
export interface ExpectedKind {
  apiVersion: string;
  kind: string;
}

/**
 * Decodes a body of `application/vnd.kubernetes.protobuf` to what Go's JSON encoding of the same object is.
 * Throws ApiError 400 for anything else than one whole object of a known kind.
 */
export function decodeProtobuf(body: Uint8Array, expected?: ExpectedKind): { object: UnstructuredObject } {
  const envelope = readEnvelope(body);
  const apiVersion = envelope.apiVersion || (expected?.apiVersion ?? '');
  const kind = envelope.kind || (expected?.kind ?? '');
  if (kind === '') throw badRequest("Object 'Kind' is missing");
  const type = typeOf(apiVersion, kind);
  if (type === undefined) throw badRequest(`no kind "${kind}" is registered for version "${apiVersion}"`);
  const object: PlainObject = { kind, apiVersion };
  try {
    decodeMessage(type, envelope.raw, object);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
    const asKind = expected?.kind ?? kind;
    throw badRequest(`${kind} in version "${version}" cannot be handled as a ${asKind}: ${error.message}`);
  }
  return { object: object as UnstructuredObject };
}

/** What a body says of itself, and the message it carries. */
export interface Envelope {
  apiVersion: string;
  kind: string;
  raw: Buffer;
}

/** Opens a body. Throws ApiError 400 when it is no envelope. */
export function readEnvelope(body: Uint8Array): Envelope {
  if (body.length === 0) throw badRequest('empty data');
  if (prefix.compare(body, 0, Math.min(prefix.length, body.length)) !== 0) {
    const bytes = [...prefix].join(' ');
    throw badRequest(`provided data does not appear to be a protobuf message, expected prefix [${bytes}]`);
  }
  if (body.length === prefix.length) throw badRequest('empty body');
  const envelope: Envelope = { apiVersion: '', kind: '', raw: Buffer.alloc(0) };
  let encoding = '';
  try {
    const reader = new WireReader(body, prefix.length);
    while (!reader.done) {
      const tag = reader.tag();
      if (tag === 0x0a) readTypeMeta(reader, envelope);
      else if (tag === 0x12) envelope.raw = reader.bytes();
      else if (tag === 0x1a) encoding = reader.string();
      else reader.skip(tag & 7);
    }
  } catch (error) {
    if (error instanceof WireError) throw badRequest(error.message);
    throw error;
  }
  if (encoding !== '') throw badRequest(`content encoding "${encoding}" is not supported`);
  return envelope;
}

function readTypeMeta(reader: WireReader, envelope: Envelope): void {
  const outer = reader.enter();
  while (!reader.done) {
    const tag = reader.tag();
    if (tag === 0x0a) envelope.apiVersion = reader.string();
    else if (tag === 0x12) envelope.kind = reader.string();
    else reader.skip(tag & 7);
  }
  reader.leave(outer);
}
