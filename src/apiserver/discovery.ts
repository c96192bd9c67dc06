import { createHash } from 'node:crypto';
import {
  type AggregatedVersion,
  aggregatedDiscovery,
  apiGroup,
  apiGroupList,
  apiResourceList,
  apiVersions,
  type ResourceType,
  type Scheme,
} from '../api/index.ts';
import type { Exchange } from './exchange.ts';
import { type MediaRange, parseAccept } from './http/accept.ts';
import { sendBody, sendJsonBody } from './http/respond.ts';
import type { Route } from './server.ts';

/** A document that is made once, with the tag that tells clients whether theirs is still good. */
interface Document {
  contentType: string;
  body: Buffer;
  etag: string;
}

/** `/api`, `/apis` and below: what is served, aggregated for clients that ask so, or group by group. */
/** `further`: kinds that are served without being objects in the registry. */
export function discoveryRoute(scheme: Scheme, further: readonly ResourceType[] = []): Route {
  const documents = new Map<string, Document>();
  let { types } = scheme;
  return async (exchange) => {
    const { info, request } = exchange;
    if (info.isResource || info.verb !== 'get' || !/^\/apis?(\/|$)/.test(info.path)) return false;
    if (types !== scheme.types) documents.clear();
    types = scheme.types;
    const aggregated = aggregatedVersion(parseAccept(request.headers.accept));
    const { host, ':authority': authority } = request.headers;
    const address = host ?? String(authority ?? '');
    const key = `${info.path} ${aggregated ?? address}`;
    let document = documents.get(key);
    if (document === undefined) {
      document = documentOf(exchange, aggregated, address, [...types, ...further]);
      if (document === undefined) return false;
      if (documents.size < MAX_DOCUMENTS) documents.set(key, document);
    }
    await sendDocument(exchange, document);
    return true;
  };
}

/** Clients come by few names; one that invents many costs time, not memory. */
const MAX_DOCUMENTS = 500;

/** Sends a document, or 304 to a client that has it. */
export async function sendDocument(exchange: Exchange, { contentType, body, etag }: Document): Promise<void> {
  const { request, response } = exchange;
  response.setHeader('ETag', etag);
  response.setHeader('Vary', 'Accept');
  if (request.headers['if-none-match'] === etag) {
    response.writeHead(304).end();
    return;
  }
  // OpenAPI documents are too long to be read.
  if (contentType === 'application/json' && !exchange.info.path.startsWith('/openapi')) {
    await sendJsonBody(exchange, 200, body);
  } else await sendBody(exchange, 200, contentType, body);
}

function documentOf(
  { info }: Exchange,
  aggregated: AggregatedVersion | undefined,
  address: string,
  types: readonly ResourceType[],
): Document | undefined {
  const parts = info.path.split('/').filter((part) => part !== '');
  const [root, group = '', version] = parts;
  const isRoot = parts.length === 1;
  if (isRoot && aggregated !== undefined) {
    const type = `application/json;g=apidiscovery.k8s.io;v=${aggregated};as=APIGroupDiscoveryList`;
    return document(aggregatedDiscovery(root as 'api' | 'apis', aggregated, types), type);
  }
  const value =
    root === 'api'
      ? coreDocument(parts, address)
      : isRoot
        ? apiGroupList(types)
        : version === undefined
          ? apiGroup(group, types)
          : apiResourceList(group, version, types);
  return value === undefined ? undefined : document(value, 'application/json');
}

function coreDocument(parts: readonly string[], address: string): unknown {
  return parts.length === 1 ? apiVersions(address) : apiResourceList('', parts[1] ?? '');
}

function document(value: unknown, contentType: string): Document {
  const body = Buffer.from(JSON.stringify(value));
  return { contentType, body, etag: `"${createHash('sha512').update(body).digest('hex').toUpperCase()}"` };
}

/** The form of aggregated discovery that the client prefers to the unaggregated one. */
function aggregatedVersion(ranges: readonly MediaRange[]): AggregatedVersion | undefined {
  for (const { type, parameters } of ranges) {
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    if (parameters['as'] === undefined) return undefined;
    if (parameters['as'] !== 'APIGroupDiscoveryList' || parameters['g'] !== 'apidiscovery.k8s.io') continue;
    if (parameters['v'] === 'v2' || parameters['v'] === 'v2beta1') return parameters['v'];
  }
  return undefined;
}
