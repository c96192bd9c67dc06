/** What a request asks for, read off its method and path alone, as Kubernetes' RequestInfo. */
export interface RequestInfo {
  /** True for paths under /api/… and /apis/… that name a resource. */
  isResource: boolean;
  /** Kubernetes' verb: get, list, watch, create, update, patch, delete, deletecollection; else the method in lower case. */
  verb: string;
  path: string;
  group: string;
  version: string;
  namespace: string | undefined;
  resource: string;
  subresource: string;
  name: string;
}

/** Names after a namespace that belong to the namespace itself and are no resources in it. */
const namespaceSubresources = new Set(['status', 'finalize']);

/**
 * Reads `/api/v1/…` and `/apis/GROUP/VERSION/…` (with the deprecated `/watch/` prefix).
 * `watching` tells that the query has `watch=true`.
 */
export function requestInfoOf(method: string, path: string, watching: boolean): RequestInfo {
  const info: RequestInfo = {
    isResource: false,
    verb: method.toLowerCase(),
    path,
    group: '',
    version: '',
    namespace: undefined,
    resource: '',
    subresource: '',
    name: '',
  };
  const parts = path.split('/').filter((part) => part !== '');
  const prefix = parts.shift();
  if (prefix === 'apis') info.group = decode(parts.shift() ?? '');
  else if (prefix !== 'api') return info;
  info.version = decode(parts.shift() ?? '');
  let deprecatedWatch = false;
  if (parts[0] === 'watch' && parts.length > 1) {
    deprecatedWatch = true;
    parts.shift();
  }
  if (parts.length === 0) return info;

  info.isResource = true;
  if (parts[0] === 'namespaces' && parts.length > 1) {
    info.namespace = decode(parts[1] as string);
    if (parts.length > 2 && !namespaceSubresources.has(parts[2] as string)) parts.splice(0, 2);
  }
  info.resource = decode(parts[0] as string);
  info.name = decode(parts[1] ?? '');
  info.subresource = parts.slice(2).map(decode).join('/');
  // What follows is the backend's matter.
  const proxied = parts[2] === 'proxy';
  if (proxied) info.subresource = 'proxy';
  // A namespace is cluster-scoped, though authorisation looks at it as lying in itself.
  info.verb = verbOf(method, info.name !== '', !proxied && (watching || deprecatedWatch));
  return info;
}

/** What lasts until somebody ends it: neither the time that a request may take nor its turn among others holds for it. */
export function isLongRunning({ isResource, verb, subresource }: RequestInfo): boolean {
  return isResource && (verb === 'watch' || longRunningSubresources.has(subresource));
}

const longRunningSubresources = new Set(['attach', 'exec', 'log', 'portforward', 'proxy']);

function verbOf(method: string, named: boolean, watching: boolean): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (watching) return 'watch';
      return named ? 'get' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return named ? 'delete' : 'deletecollection';
    default:
      return method.toLowerCase();
  }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
