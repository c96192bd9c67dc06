import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { isIP } from 'node:net';
import type { admissionregistrationv1 } from '../../../api/index.ts';
import { errorCode, errorMessage } from '../../../base/index.ts';
import { CallError } from './errors.ts';
import type { ServiceResolver } from './services.ts';

/** Sends a review to a webhook. Rejects with CallError. */
export interface WebhookTransport {
  post(config: admissionregistrationv1.WebhookClientConfig, review: object, timeoutSeconds: number): Promise<unknown>;
  close(): void;
}

/** What a webhook may answer at most, in bytes. */
const MAX_ANSWER = 3 * 1024 * 1024;
/** Different certificate authorities and names for which connections are kept. */
const MAX_AGENTS = 64;

/** Over TLS, with connections that are kept for the next review. Services are found by `resolve`. */
export function httpsTransport(resolve: ServiceResolver): WebhookTransport {
  const agents = new Map<string, Agent>();
  const agentFor = (ca: string | undefined, servername: string): Agent => {
    const key = `${servername}\n${ca ?? ''}`;
    let agent = agents.get(key);
    if (agent === undefined) {
      const authority = ca === undefined ? undefined : Buffer.from(ca, 'base64').toString();
      agent = new Agent({ keepAlive: true, keepAliveMsecs: 30_000, servername, ca: authority, maxSockets: 100 });
      if (agents.size >= MAX_AGENTS) {
        const [oldest] = agents.keys();
        agents.get(oldest!)?.destroy();
        agents.delete(oldest!);
      }
    } else agents.delete(key);
    agents.set(key, agent);
    return agent;
  };
  return {
    async post(config, review, timeoutSeconds) {
      const url = urlOf(config);
      url.searchParams.set('timeout', `${timeoutSeconds}s`);
      const failed = (text: string): CallError => new CallError(`failed to call webhook: Post "${url.href}": ${text}`);
      let address: { host: string; port: number };
      try {
        address = config.service === undefined ? addressOf(url) : await resolve(config.service);
      } catch (error) {
        throw failed(errorMessage(error));
      }
      const name = url.hostname.replace(/^\[|\]$/g, '');
      // Addresses can't be told in a handshake.
      const servername = isIP(name) === 0 ? name : '';
      const { status, body } = await send(
        {
          ...address,
          path: `${url.pathname}${url.search}`,
          hostHeader: url.host,
          agent: agentFor(config.caBundle, servername),
        },
        JSON.stringify(review),
        timeoutSeconds,
      ).catch((error: unknown) => {
        throw failed(describe(error, address));
      });
      if (status < 200 || status > 299) throw new CallError(`failed to call webhook: ${refusalText(status, body)}`);
      try {
        return JSON.parse(body);
      } catch (error) {
        throw new CallError(`failed to call webhook: ${errorMessage(error)}`);
      }
    },
    close() {
      for (const agent of agents.values()) agent.destroy();
      agents.clear();
    },
  };
}

function urlOf({ url, service }: admissionregistrationv1.WebhookClientConfig): URL {
  if (service === undefined) return new URL(url!);
  const { name, namespace, port = 443, path = '/' } = service;
  const target = new URL(`https://${name}.${namespace}.svc`);
  target.pathname = path;
  if (port !== 443) target.port = String(port);
  return target;
}

function addressOf({ hostname, port }: URL): { host: string; port: number } {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? 443 : Number(port) };
}

interface Target {
  host: string;
  port: number;
  path: string;
  hostHeader: string;
  agent: Agent;
}

async function send(target: Target, body: string, timeoutSeconds: number): Promise<{ status: number; body: string }> {
  const signal = AbortSignal.timeout(timeoutSeconds * 1_000);
  try {
    const response = await post(target, body, signal);
    return { status: response.statusCode ?? 0, body: await readAll(response) };
  } catch (error) {
    throw signal.aborted ? signal.reason : error;
  }
}

/** Connections that were kept and turn out to be closed, before one review fails. */
const MAX_CLOSED = 10;

/** Tries again when the other side had just closed a connection that was kept. */
function post(target: Target, body: string, signal: AbortSignal, closed = 0): Promise<IncomingMessage> {
  const { host, port, path, hostHeader, agent } = target;
  return new Promise((resolve, reject) => {
    const headers = {
      host: hostHeader,
      'content-type': 'application/json',
      accept: 'application/json, */*',
      'content-length': Buffer.byteLength(body),
    };
    const call = request({ host, port, path, method: 'POST', headers, agent, signal }, resolve);
    call.on('error', (error) => {
      const wasClosed = call.reusedSocket && errorCode(error) === 'ECONNRESET';
      if (wasClosed && closed < MAX_CLOSED && !signal.aborted) resolve(post(target, body, signal, closed + 1));
      else reject(error);
    });
    call.end(body);
  });
}

async function readAll(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    size += (chunk as Buffer).length;
    if (size > MAX_ANSWER) {
      response.destroy();
      throw new Error(`response is larger than ${MAX_ANSWER} bytes`);
    }
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks).toString();
}

const tlsFailures = new Set([
  'CERT_HAS_EXPIRED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** In the words that Kubernetes' users look for. */
function describe(error: unknown, { host, port }: { host: string; port: number }): string {
  const name = error instanceof Error ? error.name : '';
  if (name === 'TimeoutError' || name === 'AbortError') return 'context deadline exceeded';
  const code = errorCode(error) ?? '';
  if (code === 'ECONNREFUSED') return `dial tcp ${host}:${port}: connect: connection refused`;
  if (code === 'ENOTFOUND') return `dial tcp: lookup ${host}: no such host`;
  if (code === 'CERT_HAS_EXPIRED') {
    return 'tls: failed to verify certificate: x509: certificate has expired or is not yet valid';
  }
  if (tlsFailures.has(code)) return 'tls: failed to verify certificate: x509: certificate signed by unknown authority';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') {
    return `tls: failed to verify certificate: x509: ${errorMessage(error)}`;
  }
  return errorMessage(error);
}

const MAX_SHOWN = 2048;

function refusalText(status: number, body: string): string {
  if (status === 404) return 'the server could not find the requested resource';
  const shown = JSON.stringify(body.slice(0, MAX_SHOWN).trim() || 'unknown');
  if (status >= 500) return `an error on the server (${shown}) has prevented the request from succeeding`;
  return `the server rejected our request for an unknown reason: ${status} ${shown}`;
}
