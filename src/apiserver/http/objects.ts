import {
  apiVersionOf,
  encodeProtobuf,
  errors,
  fieldErrorText,
  fieldPath,
  groupOf,
  hasProtobuf,
  invalidValue,
  type KubernetesObject,
  listKindOf,
  type ResourceType,
  tableOf,
} from '../../api/index.ts';
import type { Exchange } from '../exchange.ts';
import type { Encoded, ListResult } from '../registry/types.ts';
import { type MetaVersion, mediaTypes, negotiate, parseAccept, type Representation } from './accept.ts';
import { sendBody, sendJson, sendJsonBody } from './respond.ts';

type IncludeObject = 'None' | 'Metadata' | 'Object';

/** The form in which the client wants objects of the kind. 406: there is none that both know. */
export function shapeOf({ request }: Exchange, type: ResourceType, tables: boolean): Representation {
  // What is answered and never stored, such as a review, has no rows.
  const offer = {
    tables: tables && type.verbs.includes('get'),
    protobuf: type.custom === undefined && hasProtobuf(apiVersionOf(type), type.kind),
  };
  const shape = negotiate(parseAccept(request.headers.accept), offer);
  if (shape !== undefined) return shape;
  const { json, yaml, protobuf } = mediaTypes;
  throw errors.notAcceptable(offer.protobuf ? [json, yaml, protobuf] : [json, yaml]);
}

/** Sends one object in the form that was negotiated. */
export async function sendEncoded(
  exchange: Exchange,
  code: number,
  encoded: Encoded,
  type: ResourceType,
  shape: Representation,
  now: number,
): Promise<void> {
  if (shape.as === 'object' && shape.encoding === 'json') {
    await sendJsonBody(exchange, code, encoded.json());
    return;
  }
  await sendValue(exchange, code, shape, objectAs(encoded.object, type, shape, includeObjectOf(exchange, shape), now));
}

/** Sends a list; as plain JSON it is the items' own bytes behind one another. */
export async function sendList(
  exchange: Exchange,
  { metadata, items }: ListResult,
  type: ResourceType,
  shape: Representation,
  now: number,
): Promise<void> {
  if (shape.as === 'table') {
    const table = tableOf(
      type,
      items.map(({ object }) => object),
      { now, includeObject: includeObjectOf(exchange, shape), version: shape.version },
    );
    await sendValue(exchange, 200, shape, { ...table, metadata: { ...table.metadata, ...metadata } });
    return;
  }
  if (shape.as === 'metadata') {
    const partial = items.map(({ object }) => metadataOf(object, shape.version));
    await sendValue(exchange, 200, shape, {
      kind: 'PartialObjectMetadataList',
      apiVersion: `meta.k8s.io/${shape.version ?? 'v1'}`,
      metadata,
      items: partial,
    });
    return;
  }
  const listKind = listKindOf(type);
  if (shape.encoding === 'protobuf') {
    const list = { kind: listKind, apiVersion: apiVersionOf(type), metadata, items: items.map(({ object }) => object) };
    await sendValue(exchange, 200, shape, list);
    return;
  }
  const head = `{"kind":"${listKind}","apiVersion":"${apiVersionOf(type)}","metadata":${JSON.stringify(metadata)},"items":[`;
  const parts: Buffer[] = [Buffer.from(head)];
  items.forEach((item, i) => {
    if (i > 0) parts.push(comma);
    parts.push(item.json());
  });
  parts.push(tail);
  const body = Buffer.concat(parts);
  if (shape.encoding === 'json') await sendJsonBody(exchange, 200, body);
  else await sendValue(exchange, 200, shape, JSON.parse(body.toString()));
}

const comma = Buffer.from(',');
const tail = Buffer.from(']}\n');

/** A subresource may be of a kind of its own, such as Scale. */
function printedAs({ apiVersion, kind }: KubernetesObject, type: ResourceType): Parameters<typeof tableOf>[0] {
  return kind === type.kind ? type : { group: groupOf(apiVersion), kind };
}

/** An object as itself, as a Table of one row, or as its metadata. */
export function objectAs(
  object: KubernetesObject,
  type: ResourceType,
  shape: Representation,
  includeObject: IncludeObject,
  now: number,
): unknown {
  if (shape.as === 'table')
    return tableOf(printedAs(object, type), [object], { now, includeObject, version: shape.version });
  return shape.as === 'metadata' ? metadataOf(object, shape.version) : object;
}

/** What a Table's rows hold of their objects. 400 for what Kubernetes doesn't know. */
export function includeObjectOf({ query }: Exchange, { as }: Representation): IncludeObject {
  const value = query.get('includeObject') || 'Metadata';
  if (as !== 'table') return 'Metadata';
  if (value === 'None' || value === 'Object' || value === 'Metadata') return value;
  const problem = invalidValue(fieldPath('includeObject'), value, "must be 'Metadata', 'Object', 'None', or empty");
  throw errors.badRequest(`Unable to convert to Table as requested: ${fieldErrorText(problem)}`);
}

function metadataOf({ metadata }: KubernetesObject, version: MetaVersion = 'v1'): KubernetesObject {
  return { kind: 'PartialObjectMetadata', apiVersion: `meta.k8s.io/${version}`, metadata };
}

/** Sends what was made for this client alone. */
export async function sendValue(
  exchange: Exchange,
  code: number,
  shape: Representation,
  value: unknown,
): Promise<void> {
  // The media type alone, as Kubernetes answers; its parameters are the client's wish.
  const { encoding } = shape;
  if (encoding === 'json') return sendJson(exchange, code, value);
  const body =
    encoding === 'protobuf'
      ? encodeProtobuf(value as KubernetesObject)
      : (await import('yaml')).stringify(value, { aliasDuplicateObjects: false });
  await sendBody(exchange, code, mediaTypes[encoding], body);
}
