import type { ClientRequest, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { createSecureContext } from 'node:tls';
import { KeelsonError } from '../base/index.ts';
import {
  adminPem,
  type ClusterPaths,
  type ClusterShape,
  clusterPaths,
  type PeerStatus,
  readShape,
  STATUS_PATH,
} from '../peer/index.ts';

/** How the command line reaches a cluster that `keelson up` made: its administrator's certificate and all peers' addresses. */
export interface Access {
  paths: ClusterPaths;
  shape: ClusterShape;
  servers: string[];
  tls: Credentials;
}

/** PEM texts. */
export interface Credentials {
  ca: string;
  cert: string;
  key: string;
}

/** Reads a data directory. Throws NO_CLUSTER when there is none, DATA_FOREIGN or PKI when it is damaged. */
export function openAccess(dataDir: string): Access {
  const paths = clusterPaths(dataDir);
  const shape = readShape(paths);
  const servers = shape.members.map(({ host, apiPort }) => `https://${host}:${apiPort}`);
  return { paths, shape, servers, tls: adminPem(paths) };
}

/** Throws ON_ETCD, which names etcd's own way, for what peers can do only with a store of theirs. */
export function assertEmbeddedStore({ shape: { store } }: Pick<Access, 'shape'>, instead: string): void {
  if (store !== undefined)
    throw new KeelsonError('ON_ETCD', `this cluster stands on the etcd at ${store.url}: use "${instead}" there`);
}

/** What one peer says of itself; undefined while it does not answer. */
export async function peerStatus(server: string, tls: Credentials): Promise<PeerStatus | undefined> {
  const answer = await call(`${server}${STATUS_PATH}`, tls).catch(() => undefined);
  return answer?.code === 200 ? (JSON.parse(answer.body) as PeerStatus) : undefined;
}

/** True once the peer serves. */
export async function isReady(server: string, tls: Credentials): Promise<boolean> {
  const answer = await call(`${server}/readyz`, tls).catch(() => undefined);
  return answer?.code === 200;
}

export interface CallOptions {
  method?: string;
  headers?: Record<string, string>;
  body?: string;
  /** Takes the answer as it comes, and resolves when it ends; no timeout holds then. */
  onData?: (chunk: string) => void;
  signal?: AbortSignal;
}

const TIMEOUT_MS = 6_000;

/** One request. Rejects when there is no answer. */
export function call(
  url: string,
  tls: Credentials,
  options: CallOptions = {},
): Promise<{ code: number; body: string }> {
  const { method = 'GET', headers = {}, body, signal, onData } = options;
  return new Promise((resolve, reject) => {
    const fail = (error: Error): void => reject(error);
    const sent: ClientRequest = request(url, {
      method,
      headers,
      agent: agentFor(tls),
      ...(onData === undefined ? { timeout: TIMEOUT_MS } : {}),
      ...(signal === undefined ? {} : { signal }),
    });
    sent.on('timeout', () => sent.destroy(new Error('no answer in time')));
    sent.on('error', fail);
    sent.on('response', (response: IncomingMessage) => {
      const code = response.statusCode ?? 0;
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (onData !== undefined && code === 200) onData(chunk);
        else text += chunk;
      });
      response.on('end', () => resolve({ code, body: text }));
      response.on('error', fail);
    });
    sent.end(body);
  });
}

/** The body of an answer with code 200, as it comes. Rejects with what the peer says otherwise, or when there is no answer. */
export function download(url: string, tls: Credentials): Promise<AsyncIterable<Buffer>> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { agent: agentFor(tls) });
    sent.on('error', reject);
    sent.on('response', (response: IncomingMessage) => {
      if (response.statusCode === 200) resolve(response);
      else reject(new KeelsonError('REFUSED', `${url} answers ${response.statusCode} ${response.statusMessage}`));
    });
    sent.end();
  });
}

const agents = new WeakMap<Credentials, Agent>();

/** Connections are kept and the certificates read once: a handshake costs more than all the requests of a command. */
function agentFor(tls: Credentials): Agent {
  let agent = agents.get(tls);
  if (agent === undefined) {
    agent = new Agent({ keepAlive: true, secureContext: createSecureContext(tls) } as object);
    agents.set(tls, agent);
  }
  return agent;
}
