import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { connect as connectTls } from 'node:tls';
import { errors } from '../../api/index.ts';
import { errorMessage, nodeHttp } from '../../base/index.ts';
import { asObject, proxyOptions } from '../connection-options.ts';
import type { Exchange } from '../exchange.ts';
import { distinctHeaders } from '../http/http2.ts';
import type { KubeletConnection } from '../kubelet-connection.ts';
import { requestOf } from '../resources.ts';
import type { Route, UpgradeRoute } from '../server.ts';
import { tunnel, upgradeHeaders } from '../tunnel.ts';
import { type ProxyPath, parseProxyPath } from './path.ts';
import { type Target, type TargetContext, targetOf } from './targets.ts';

export interface ProxyOptions extends TargetContext {
  kubelets: KubeletConnection;
}

/** `proxy` of pods, services and nodes: any request, passed on to what serves behind them. */
export function proxyRoute(options: ProxyOptions): Route {
  return async (exchange) => {
    const path = pathOf(exchange);
    if (path === undefined) return false;
    await admit(options, exchange, path);
    if (path.rest === '' || path.rest.startsWith('?')) {
      if (['GET', 'HEAD'].includes(exchange.request.method ?? '')) {
        redirectToRoot(exchange);
        return true;
      }
      path.rest = `/${path.rest}`;
    }
    const target = await targetOf(options, path, exchange.info.namespace, exchange.user);
    const call = await callTo(options, exchange.request, path, target, forwardedHeaders(exchange.request));
    await passOn(exchange, call, path);
    return true;
  };
}

/** The same for requests that switch protocols, whatever to. */
export function proxyUpgradeRoute(options: ProxyOptions): UpgradeRoute {
  return async (exchange, socket, head) => {
    const path = pathOf(exchange);
    if (path === undefined) return false;
    await admit(options, exchange, path);
    if (!path.rest.startsWith('/')) path.rest = `/${path.rest}`;
    const target = await targetOf(options, path, exchange.info.namespace, exchange.user);
    const headers = { ...forwardedHeaders(exchange.request), ...upgradeHeaders(exchange.request) };
    const call = await callTo(options, exchange.request, path, target, headers);
    await tunnel(call, socket, head).catch(unreachable);
    return true;
  };
}

/** Asks admission. The path is the backend's and may not be changed: an encoded one would no longer be what it was. */
async function admit({ registry, types }: ProxyOptions, exchange: Exchange, path: ProxyPath): Promise<void> {
  if (exchange.query.has('dryRun')) throw errors.badRequest('dryRun is not supported');
  const type = types[path.resource as 'pods' | 'services' | 'nodes'];
  const [asked = ''] = path.rest.split('?', 1);
  const options = asObject(proxyOptions(path.resource, decodePath(asked)));
  await registry.connect({ ...requestOf(exchange, type), subresource: 'proxy', options });
}

function decodePath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function pathOf({ info, request }: Exchange): ProxyPath | undefined {
  if (info.subresource !== 'proxy' || info.group !== '' || !info.isResource) return undefined;
  return parseProxyPath(request.url ?? '');
}

/** Relative links only work below a path that ends with a slash. */
function redirectToRoot({ request, response }: Exchange): void {
  const [path, query] = (request.url ?? '').split('?', 2);
  response.writeHead(301, { Location: `${path}/${query === undefined ? '' : `?${query}`}` }).end();
}

/** Of one connection only, or of who asks this server and not of who asks the backend. */
const keptBack =
  /^(connection|expect|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|authorization|impersonate-.*|sec-websocket-protocol)$/;

function forwardedHeaders(request: IncomingMessage): OutgoingHttpHeaders {
  const headers = distinctHeaders(request);
  const kept: OutgoingHttpHeaders = {};
  for (const [name, values] of Object.entries(headers)) if (!keptBack.test(name)) kept[name] = values;
  kept['host'] = headers['host']?.[0];
  kept['x-forwarded-for'] = [...(headers['x-forwarded-for'] ?? []), request.socket.remoteAddress ?? ''].join(', ');
  return kept;
}

async function callTo(
  { kubelets }: ProxyOptions,
  { method }: IncomingMessage,
  path: ProxyPath,
  target: Target,
  headers: OutgoingHttpHeaders,
): Promise<ClientRequest> {
  if (target.kind === 'kubelet') return kubelets.request(target.node, { method, path: path.rest, headers });
  const socket = await dial(kubelets, target).catch(unreachable);
  const stream = path.scheme === 'https' ? secured(socket) : socket;
  // One connection a request: its end is the backend's end.
  return nodeHttp().request({
    method,
    path: path.rest,
    headers,
    createConnection: () => stream as Socket,
  });
}

async function dial(kubelets: KubeletConnection, target: Exclude<Target, { kind: 'kubelet' }>): Promise<Duplex> {
  if (target.kind === 'address') return connect({ host: target.host, port: target.port, noDelay: true });
  const { node, namespace, pod, port } = target;
  return kubelets.dial(node, `/dial/${encodeURIComponent(namespace)}/${encodeURIComponent(pod)}/${port}`);
}

/** Pods have certificates that nobody vouches for. */
function secured(socket: Duplex): Duplex {
  return connectTls({ socket, rejectUnauthorized: false });
}

async function passOn({ request, response, signal }: Exchange, call: ClientRequest, path: ProxyPath): Promise<void> {
  const leave = (): void => void call.destroy();
  signal.addEventListener('abort', leave, { once: true });
  const answered = new Promise<IncomingMessage>((resolve, reject) => call.on('response', resolve).on('error', reject));
  // The backend may answer, and close, before it has read all.
  pipeline(request, call).catch(() => {});
  const answer = await answered.catch(unreachable);
  // What flows slowly is not stuck.
  answer.socket?.setTimeout(0);
  // HTTP/2 has none.
  if (request.httpVersionMajor === 1) response.statusMessage = answer.statusMessage ?? '';
  response.writeHead(answer.statusCode ?? 502, answerHeaders(answer, request, path));
  response.flushHeaders();
  await pipeline(answer, response).catch(() => response.destroy());
}

function answerHeaders(
  { headersDistinct }: IncomingMessage,
  { url = '' }: IncomingMessage,
  { rest }: ProxyPath,
): IncomingHttpHeaders {
  const kept: IncomingHttpHeaders = {};
  for (const [name, values] of Object.entries(headersDistinct)) {
    if (!/^(connection|keep-alive|transfer-encoding|upgrade)$/.test(name)) kept[name] = values;
  }
  // A redirect within the backend stays within the proxy.
  const location = headersDistinct['location']?.[0];
  if (location?.startsWith('/')) kept.location = url.slice(0, url.length - rest.length) + location;
  return kept;
}

function unreachable(error: unknown): never {
  throw errors.serviceUnavailable(`error trying to reach service: ${errorMessage(error)}`);
}
