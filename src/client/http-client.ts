import {
  ApiError,
  apiVersionOf,
  FENCE_HEADER,
  formatFence,
  type KubernetesList,
  type KubernetesObject,
  type ResourceReference,
  type Status,
} from '../api/index.ts';
import { type HttpClientOptions, HttpTransport } from './http-transport.ts';
import type {
  CallOptions,
  Client,
  DeleteOptions,
  Fence,
  ListOptions,
  Patch,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './types.ts';

/** A client over the network; `close` gives up its idle connections. */
export type HttpClient = Client & { close(): void };

const PATCH_TYPES: Record<Patch['type'], string> = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
};

/** Servers end a watch after this time, so that a connection that died silently is noticed. */
const WATCH_SECONDS = 300;

export function createHttpClient(options: HttpClientOptions): HttpClient {
  return new NetworkClient(new HttpTransport(options));
}

class NetworkClient implements HttpClient {
  readonly #transport: HttpTransport;
  readonly #fence: Fence | undefined;

  constructor(transport: HttpTransport, fence?: Fence) {
    this.#transport = transport;
    this.#fence = fence;
  }

  fenced(fence: Fence): Client {
    return new NetworkClient(this.#transport, fence);
  }

  close(): void {
    this.#transport.close();
  }

  async get<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
    { resourceVersion, signal }: CallOptions = {},
  ): Promise<T> {
    const path = pathOf(type, namespace, name, undefined, { resourceVersion });
    return (await this.#transport.json({ method: 'GET', path, signal })) as T;
  }

  async list<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    { signal, ...query }: ListOptions = {},
  ): Promise<KubernetesList<T>> {
    const path = pathOf(type, namespace, undefined, undefined, query);
    const list = (await this.#transport.json({ method: 'GET', path, signal })) as KubernetesList<T>;
    // Servers leave out what the list says already.
    const apiVersion = apiVersionOf(type);
    for (const item of list.items) {
      item.apiVersion ??= apiVersion;
      item.kind ??= type.kind;
    }
    return list;
  }

  create<T extends KubernetesObject>(type: ResourceReference, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata;
    const { subresource } = options;
    const path = pathOf(type, namespace, subresource && name, subresource, writeQuery(options));
    return this.#write('POST', path, object, 'application/json', options);
  }

  update<T extends KubernetesObject>(type: ResourceReference, object: T, options: WriteOptions = {}): Promise<T> {
    const { namespace, name } = object.metadata;
    const path = pathOf(type, namespace, name, options.subresource, writeQuery(options));
    return this.#write('PUT', path, object, 'application/json', options);
  }

  patch<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
    patch: Patch,
    options: WriteOptions = {},
  ): Promise<T> {
    const force = patch.type === 'apply' && patch.force ? 'true' : undefined;
    const path = pathOf(type, namespace, name, options.subresource, { ...writeQuery(options), force });
    return this.#write('PATCH', path, patch.body, PATCH_TYPES[patch.type], options);
  }

  async delete(
    type: ResourceReference,
    namespace: string | undefined,
    name: string,
    { signal, ...options }: DeleteOptions = {},
  ): Promise<void> {
    const body = { kind: 'DeleteOptions', apiVersion: 'v1', ...options };
    await this.#write('DELETE', pathOf(type, namespace, name), body, 'application/json', { signal });
  }

  async *watch<T extends KubernetesObject>(
    type: ResourceReference,
    namespace: string | undefined,
    { signal, allowBookmarks, ...query }: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const path = pathOf(type, namespace, undefined, undefined, {
      ...query,
      watch: 'true',
      allowWatchBookmarks: allowBookmarks ? 'true' : undefined,
      // Spread, so that many watches opened together don't end together.
      timeoutSeconds: Math.round(WATCH_SECONDS * (1 + Math.random())),
    });
    if (signal.aborted) return;
    try {
      const response = await this.#transport.open({ method: 'GET', path, signal });
      response.setEncoding('utf8');
      let rest = '';
      for await (const chunk of response) {
        const lines = (rest + (chunk as string)).split('\n');
        rest = lines.pop()!;
        for (const line of lines) yield eventOf<T>(line);
      }
    } catch (error) {
      if (error instanceof ApiError) throw error;
      // Broken off: for the caller it is a plain end, after which it resumes.
      if (!signal.aborted) this.#transport.avoidCurrent();
    }
  }

  async #write<T>(
    method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    body: unknown,
    contentType: string,
    { signal }: { signal?: AbortSignal | undefined },
  ): Promise<T> {
    const headers: Record<string, string> = { 'content-type': contentType };
    if (this.#fence !== undefined) headers[FENCE_HEADER] = formatFence(this.#fence);
    return (await this.#transport.json({ method, path, headers, body: JSON.stringify(body), signal })) as T;
  }
}

function eventOf<T>(line: string): WatchEvent<T> {
  const event = JSON.parse(line) as WatchEvent<T> | { type: 'ERROR'; object: Status };
  if (event.type === 'ERROR') throw new ApiError(event.object);
  return event;
}

function writeQuery({ fieldManager, dryRun }: WriteOptions): Query {
  return { fieldManager, dryRun: dryRun ? 'All' : undefined };
}

type Query = Record<string, string | number | undefined>;

function pathOf(
  type: ResourceReference,
  namespace: string | undefined,
  name?: string,
  subresource?: string,
  query: Query = {},
): string {
  const parts = type.group === '' ? ['api', type.version] : ['apis', type.group, type.version];
  if (type.namespaced && namespace !== undefined) parts.push('namespaces', namespace);
  parts.push(type.resource);
  if (name !== undefined) parts.push(name);
  if (subresource !== undefined) parts.push(subresource);
  const parameters = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) parameters.set(key, String(value));
  }
  const path = `/${parts.map(encodeURIComponent).join('/')}`;
  return parameters.size === 0 ? path : `${path}?${parameters}`;
}
