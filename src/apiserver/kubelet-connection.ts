import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, type RequestOptions, request } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errors, type ResourceType, type v1 } from '../api/index.ts';
import { errorMessage } from '../base/index.ts';
import { refusalOf } from './kubelet-refusal.ts';
import type { Registry, User } from './registry/types.ts';
import type { TlsMaterial } from './server.ts';
import { tunnel, upgradeHeaders } from './tunnel.ts';

/** Reaches the kubelet of a node, wherever it runs. */
export interface KubeletConnection {
  /** The kubelet's answer to `GET path`, its body unread. Rejects with 500 or 503 when the node can't be reached. */
  get(nodeName: string, path: string, signal: AbortSignal): Promise<IncomingMessage>;
  /** A request to the kubelet, for the caller to send. Rejects with 503 when the node has no address. */
  request(nodeName: string, options: RequestOptions): Promise<ClientRequest>;
  /** A connection to what the kubelet dials at `path`. Rejects with its refusal, or when the node can't be reached. */
  dial(nodeName: string, path: string): Promise<Duplex>;
  /**
   * Switches protocols with the kubelet as the client asks to, and passes all bytes on. Resolves when either is gone; rejects
   * with 500 or 503 when the node can't be reached.
   */
  upgrade(nodeName: string, path: string, client: UpgradingClient): Promise<void>;
  close(): void;
}

/** A client that asks to switch protocols. */
export interface UpgradingClient {
  request: IncomingMessage;
  socket: Duplex;
  head: Buffer;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** As whom the API server looks up nodes for itself. */
const self: User = { name: 'system:apiserver', groups: ['system:masters'] };

/** Uses the address and port that the Node object tells, and this server's certificate as the client's. */
export function createKubeletConnection(options: {
  registry: Registry;
  nodes: ResourceType;
  tls: TlsMaterial;
}): KubeletConnection {
  const agent = new Agent({ ...options.tls, keepAlive: true, keepAliveMsecs: 30_000, timeout: CONNECT_TIMEOUT_MS });
  const endpoint = async (nodeName: string): Promise<{ host: string; port: number }> => {
    const { object } = await options.registry.get({
      type: options.nodes,
      namespace: undefined,
      name: nodeName,
      user: self,
      warnings: [],
      resourceVersion: '0',
    });
    return endpointOf(object as v1.Node);
  };
  const call = async (nodeName: string, more: RequestOptions): Promise<ClientRequest> => {
    const { host, port } = await endpoint(nodeName);
    const sent = request({ host, port, agent, servername: 'localhost', ...more });
    sent.on('timeout', () => sent.destroy(new Error(`no answer in ${CONNECT_TIMEOUT_MS / 1_000} s`)));
    // What was answered may be silent for long: a log that is followed, a shell.
    sent.on('response', ({ socket }) => socket.setTimeout(0));
    sent.on('upgrade', (_response, socket: Socket) => socket.setTimeout(0));
    return sent;
  };
  return {
    request: call,
    async upgrade(nodeName, path, { request: asked, socket, head }) {
      const sent = await call(nodeName, { path, method: asked.method, headers: upgradeHeaders(asked) });
      await tunnel(sent, socket, head).catch((error) => {
        throw errors.internalError(`error dialing backend: ${errorMessage(error)}`, { cause: error });
      });
    },
    async dial(nodeName, path) {
      const sent = await call(nodeName, { path, headers: { connection: 'Upgrade', upgrade: 'tcp' } });
      return new Promise((resolve, reject) => {
        sent.on('upgrade', (_response, socket, head) => {
          if (head.length > 0) socket.unshift(head);
          resolve(socket);
        });
        sent.on('response', (response) => void refusalOf(response).then(reject, reject));
        sent.on('error', reject);
        sent.end();
      });
    },
    async get(nodeName, path, signal) {
      const sent = await call(nodeName, { path, signal });
      return new Promise((resolve, reject) => {
        sent.on('response', resolve);
        sent.on('error', (error) => {
          const text = `Get "https://${sent.host}${path}": ${errorMessage(error)}`;
          reject(errors.internalError(text, { cause: error }));
        });
        sent.end();
      });
    },
    close: () => agent.destroy(),
  };
}

function endpointOf({ metadata, status }: v1.Node): { host: string; port: number } {
  const host = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const port = status?.daemonEndpoints?.kubeletEndpoint?.Port;
  if (host === undefined || port === undefined) {
    throw errors.serviceUnavailable(`node ${metadata.name} has not told its address yet`);
  }
  return { host, port };
}
