import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { errors, type ResourceType, type v1 } from '../api/index.ts';
import { errorMessage } from '../base/index.ts';
import type { Registry, User } from './registry/types.ts';
import type { TlsMaterial } from './server.ts';
import { tunnel, upgradeHeaders } from './tunnel.ts';

/** Reaches the kubelet of a node, wherever it runs. */
export interface KubeletConnection {
  /** The kubelet's answer to `GET path`, its body unread. Rejects with 500 or 503 when the node can't be reached. */
  get(nodeName: string, path: string, signal: AbortSignal): Promise<IncomingMessage>;
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
  return {
    async upgrade(nodeName, path, { request: asked, socket, head }) {
      const { host, port } = await endpoint(nodeName);
      const headers = upgradeHeaders(asked);
      const call = request({ host, port, path, method: asked.method, headers, agent, servername: 'localhost' });
      call.on('timeout', () => call.destroy(new Error(`no answer in ${CONNECT_TIMEOUT_MS / 1_000} s`)));
      call.on('upgrade', (_response, upgraded: Socket) => upgraded.setTimeout(0));
      try {
        await tunnel(call, socket, head);
      } catch (error) {
        throw errors.internalError(`error dialing backend: ${errorMessage(error)}`, { cause: error });
      }
    },
    async get(nodeName, path, signal) {
      const { host, port } = await endpoint(nodeName);
      return new Promise((resolve, reject) => {
        const call = request({ host, port, path, agent, signal, servername: 'localhost' }, (response) => {
          // A log that is followed may be silent for long.
          response.socket.setTimeout(0);
          resolve(response);
        });
        call.on('timeout', () => call.destroy(new Error(`no answer in ${CONNECT_TIMEOUT_MS / 1_000} s`)));
        call.on('error', (error) => {
          const text = `Get "https://${host}:${port}${path}": ${errorMessage(error)}`;
          reject(errors.internalError(text, { cause: error }));
        });
        call.end();
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
