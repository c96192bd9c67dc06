import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import {
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
  tls: { ca: string; cert: string; key: string };
}

/** Reads a data directory. Throws NO_CLUSTER when there is none. */
export function openAccess(dataDir: string): Access {
  const paths = clusterPaths(dataDir);
  const shape = readShape(paths);
  return {
    paths,
    shape,
    servers: shape.members.map(({ host, apiPort }) => `https://${host}:${apiPort}`),
    tls: {
      ca: readFileSync(paths.pki.caCert, 'utf8'),
      cert: readFileSync(paths.pki.clientCert, 'utf8'),
      key: readFileSync(paths.pki.clientKey, 'utf8'),
    },
  };
}

/** What one peer says of itself; undefined while it does not answer. */
export async function peerStatus(server: string, tls: Access['tls']): Promise<PeerStatus | undefined> {
  const answer = await get(`${server}${STATUS_PATH}`, tls);
  return answer?.code === 200 ? (JSON.parse(answer.body) as PeerStatus) : undefined;
}

/** True once the peer serves. */
export async function isReady(server: string, tls: Access['tls']): Promise<boolean> {
  return (await get(`${server}/readyz`, tls))?.code === 200;
}

const TIMEOUT_MS = 2_000;

function get(url: string, tls: Access['tls']): Promise<{ code: number; body: string } | undefined> {
  return new Promise((resolve) => {
    const call = request(url, { ...tls, timeout: TIMEOUT_MS }, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body }));
      response.on('error', () => resolve(undefined));
    });
    call.on('timeout', () => call.destroy());
    call.on('error', () => resolve(undefined));
    call.end();
  });
}
