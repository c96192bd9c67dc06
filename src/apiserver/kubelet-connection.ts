import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { errors, type ResourceType, type v1 } from '../api/index.ts';
import { errorMessage } from '../base/index.ts';
import type { Registry, User } from './registry/types.ts';
import type { TlsMaterial } from './server.ts';

/** Reaches the kubelet of a node, wherever it runs. */
export interface KubeletConnection {
  /** The kubelet's answer to `GET path`, its body unread. Rejects with 500 or 503 when the node can't be reached. */
  get(nodeName: string, path: string, signal: AbortSignal): Promise<IncomingMessage>;
  close(): void;
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
  return {
    async get(nodeName, path, signal) {
      const { object } = await options.registry.get({
        type: options.nodes,
        namespace: undefined,
        name: nodeName,
        user: self,
        warnings: [],
        resourceVersion: '0',
      });
      const { host, port } = endpointOf(object as v1.Node);
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
