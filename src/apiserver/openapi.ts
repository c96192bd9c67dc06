import { kubernetesVersion, openApiV3, openApiV3Index, type Scheme } from '../api/index.ts';
import { sendDocument } from './discovery.ts';
import { sendBody, sendJson } from './http/respond.ts';
import type { Route } from './server.ts';

/** As clients ask for it, and as it is answered: the former is not a well-formed media type, and clients parse what they get. */
const openApiV2Protobuf = {
  accepted: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
};
const openApiV2Info = { title: 'Kubernetes', version: kubernetesVersion };

/**
 * `/openapi/v3`, the index, and `/openapi/v3/api…`, one document a group version. A URL with the document's hash never changes its
 * meaning, so it may be kept. The document of `/openapi/v2` describes no kind: kubectl reads all that it needs to know of them from
 * v3, but looks for those that v3 does not know in v2, and would take a missing document for a failure of the server.
 */
export function openApiRoute(scheme: Scheme): Route {
  return async (exchange) => {
    const { info, query, response, request } = exchange;
    if (info.path === '/openapi/v2' && info.verb === 'get') {
      const protobuf = request.headers.accept?.includes(openApiV2Protobuf.accepted) ?? false;
      if (protobuf) await sendBody(exchange, 200, openApiV2Protobuf.contentType, encodeOpenApiV2());
      else await sendJson(exchange, 200, { swagger: '2.0', info: openApiV2Info, paths: {} });
      return true;
    }
    const match = /^\/openapi\/v3(?:\/(?:api|apis)\/(.+))?$/.exec(info.path);
    if (match === null || info.verb !== 'get') return false;
    const groupVersion = match[1];
    if (groupVersion === undefined) {
      await sendJson(exchange, 200, await openApiV3Index(scheme.types));
      return true;
    }
    const document = openApiV3(groupVersion, scheme.types);
    if (document === undefined) return false;
    const { json, hash } = document;
    if (query.get('hash') === hash) response.setHeader('Cache-Control', 'public, immutable, max-age=31536000');
    await sendDocument(exchange, { contentType: 'application/json', body: json, etag: `"${hash}"` });
    return true;
  };
}

/** The same document as a `Document` of github.com/google/gnostic: `swagger` is its field 1, `info` 2, `paths` 8. */
function encodeOpenApiV2(): Buffer {
  const field = (number: number, value: string | Buffer): Buffer => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([(number << 3) | 2, bytes.length]), bytes]);
  };
  const info = Buffer.concat([field(1, openApiV2Info.title), field(2, openApiV2Info.version)]);
  return Buffer.concat([field(1, '2.0'), field(2, info), field(8, '')]);
}
