/** A request to a proxy subresource, read off its target. */
export interface ProxyPath {
  /** `pods`, `services` or `nodes`. */
  resource: string;
  scheme: 'http' | 'https';
  name: string;
  /** A number or a name; empty when the target has to say. */
  port: string;
  /** As it was given, with the query: what the backend is asked for. Empty without even a slash. */
  rest: string;
}

const pattern = /^\/api\/v1\/(?:namespaces\/[^/]+\/(pods|services)|(nodes))\/([^/?]+)\/proxy(\/[^?]*)?(\?.*)?$/;

/** Undefined for names that are none. `url` is the request's, undecoded: the backend is to see it as it is. */
export function parseProxyPath(url: string): ProxyPath | undefined {
  const match = pattern.exec(url);
  if (!match) return undefined;
  const [, namespaced, cluster, target = '', path = '', query = ''] = match;
  const parts = decodeURIComponent(target).split(':');
  // name, name:port, or scheme:name:port, of which the port may be empty.
  if (parts.length > 3) return undefined;
  const scheme = parts.length === 3 ? (parts.shift() as string) : 'http';
  if (scheme !== '' && scheme !== 'http' && scheme !== 'https') return undefined;
  const [name = '', port = ''] = parts;
  const resource = namespaced ?? cluster ?? '';
  return name === '' ? undefined : { resource, scheme: scheme || 'http', name, port, rest: path + query };
}
