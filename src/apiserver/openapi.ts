import { openApiV2, openApiV2Protobuf, openApiV3, openApiV3Index, type Scheme } from '../api/index.ts';
import { sendDocument } from './discovery.ts';
import { sendJson } from './http/respond.ts';
import type { Route } from './server.ts';

/** As clients ask for it, and as it is answered: the former is not a well-formed media type, and clients parse what they get. */
const v2Protobuf = {
  accepted: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf',
  contentType: 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf',
};

/**
 * `/openapi/v3`, the index, and `/openapi/v3/api…`, one document a group version. A URL with the document's hash never changes its
 * meaning, so it may be kept. `/openapi/v2` is one document about all, for clients that know no v3.
 */
export function openApiRoute(scheme: Scheme): Route {
  return async (exchange) => {
    const { info, query, response, request } = exchange;
    if (info.path === '/openapi/v2' && info.verb === 'get') {
      const protobuf = request.headers.accept?.includes(v2Protobuf.accepted) ?? false;
      const { bytes, hash } = await (protobuf ? openApiV2Protobuf : openApiV2)(scheme.types);
      const contentType = protobuf ? v2Protobuf.contentType : 'application/json';
      await sendDocument(exchange, { contentType, body: bytes, etag: `"${hash}"` });
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
    const { bytes, hash } = document;
    if (query.get('hash') === hash) response.setHeader('Cache-Control', 'public, immutable, max-age=31536000');
    await sendDocument(exchange, { contentType: 'application/json', body: bytes, etag: `"${hash}"` });
    return true;
  };
}
