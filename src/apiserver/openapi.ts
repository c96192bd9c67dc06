import { openApiV3, openApiV3Index } from '../api/index.ts';
import { sendDocument } from './discovery.ts';
import { sendJson } from './http/respond.ts';
import type { Route } from './server.ts';

/**
 * `/openapi/v3`, the index, and `/openapi/v3/api…`, one document a group version. A URL with the document's hash never changes its
 * meaning, so it may be kept; `/openapi/v2` is not served, which clients take for "ask v3".
 */
export function openApiRoute(): Route {
  return async (exchange) => {
    const { info, query, response } = exchange;
    const match = /^\/openapi\/v3(?:\/(?:api|apis)\/(.+))?$/.exec(info.path);
    if (match === null || info.verb !== 'get') return false;
    const groupVersion = match[1];
    if (groupVersion === undefined) {
      await sendJson(exchange, 200, await openApiV3Index());
      return true;
    }
    const document = openApiV3(groupVersion);
    if (document === undefined) return false;
    const { json, hash } = document;
    if (query.get('hash') === hash) response.setHeader('Cache-Control', 'public, immutable, max-age=31536000');
    await sendDocument(exchange, { contentType: 'application/json', body: json, etag: `"${hash}"` });
    return true;
  };
}
