import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ApiServer,
  type Auditor,
  createLocalClient,
  createRegistry,
  defaultAdmissionPlugins,
  type HealthCheck,
  nodeAuthorizer,
  rbacAuthorizer,
  serviceAccountTokens,
  startKubernetesApi,
  superuserAuthorizer,
  type TokenAuthenticator,
  unionAuthorizer,
} from '../../src/apiserver/index.ts';
import { silentLogger, systemClock, systemRandom } from '../../src/base/index.ts';
import { type Client, createInformerFactory } from '../../src/client/index.ts';
import { bootstrap } from '../../src/peer/bootstrap.ts';
import { flowControlSource } from '../../src/peer/flow-control.ts';
import { kubeconfigOf } from '../../src/peer/kubeconfig.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../src/peer/pki/certificates.ts';
import { rbacSource } from '../../src/peer/rbac-source.ts';
import { createMemoryStore, type LocalStore } from '../../src/store/index.ts';

/** A real API server over TLS on a free port, above a store in memory. */
export interface TestApiServer {
  port: number;
  url: string;
  store: LocalStore;
  /** In process, as the administrator. */
  client: Client;
  ca: string;
  admin: KeyPair;
  /** Its own, which is good for `localhost`. */
  serving: KeyPair;
  kubeconfig: string;
  /** A client certificate of that user. */
  certificateFor(user: string, ...groups: string[]): Promise<KeyPair>;
  /** One request; the administrator's unless `as` says otherwise (null: nobody's). */
  request(method: string, path: string, options?: TestRequest): Promise<TestResponse>;
  /** The response as it begins, its body unread. */
  open(method: string, path: string, options?: TestRequest): Promise<IncomingMessage>;
  close(): Promise<void>;
}

export interface TestRequest {
  body?: string | Uint8Array;
  headers?: Record<string, string>;
  as?: KeyPair | null;
}

export interface TestResponse {
  code: number;
  headers: IncomingHttpHeaders;
  body: string;
  // biome-ignore lint/suspicious/noExplicitAny: answers of any kind are looked into.
  json: any;
}

export async function startTestApiServer(
  options: {
    healthChecks?: HealthCheck[];
    bootstrapped?: boolean;
    tokenAuthenticators?: TokenAuthenticator[];
    auditor?: Auditor;
  } = {},
): Promise<TestApiServer> {
  const now = Date.now();
  const authority = await createAuthority('test-ca', now);
  const serving = await issueCertificate(
    authority,
    { commonName: 'keelson:peer:1', organizations: ['keelson:peers'], hosts: ['127.0.0.1', 'localhost'] },
    now,
  );
  const certificateFor = (user: string, ...groups: string[]) =>
    issueCertificate(authority, { commonName: user, organizations: groups }, now);
  const admin = await certificateFor('admin', 'system:masters');
  const common = { clock: systemClock, random: systemRandom, logger: silentLogger };
  const store = createMemoryStore();
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const tokenKey = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const tokens = serviceAccountTokens({ key: tokenKey, clock: systemClock });
  const registry = createRegistry({
    store,
    ...common,
    tokens,
    serviceRange: '127.96.0.0/16',
    admission: (state) =>
      defaultAdmissionPlugins(state, {
        ...common,
        authorizer: { authorize: (attributes) => authorizer.authorize(attributes) },
      }),
  });
  const client = createLocalClient(registry, { name: 'system:apiserver', groups: ['system:masters'] });
  const informers = createInformerFactory({ client, ...common });
  const rbac = rbacSource(informers);
  const authorizer = unionAuthorizer([superuserAuthorizer, nodeAuthorizer(registry.state), rbacAuthorizer(rbac)]);
  if (options.bootstrapped !== false) await bootstrap(client, { serviceCIDR: '127.96.0.0/16', apiPort: 6443, now });
  informers.start();
  await informers.synced();
  const server: ApiServer = await startKubernetesApi({
    registry,
    rbac,
    flowControl: flowControlSource(informers),
    tokens,
    auditor: options.auditor,
    tokenAuthenticators: options.tokenAuthenticators ?? [],
    authorizer,
    tls: { ca: authority.cert, cert: serving.cert, key: serving.key },
    listeners: [{ host: '127.0.0.1', port: 0, shared: false }],
    healthChecks: options.healthChecks ?? [],
    ...common,
  });
  const dir = mkdtempSync(join(tmpdir(), 'keelson-api-'));
  const kubeconfig = join(dir, 'kubeconfig');
  const member = { id: 1, host: '127.0.0.1', apiPort: server.port, peerPort: 0 };
  writeFileSync(
    kubeconfig,
    kubeconfigOf({ members: [member], sharedApiPort: server.port }, { ca: authority.cert, ...admin }),
  );

  const open: TestApiServer['open'] = (method, path, { body, headers = {}, as = admin } = {}) =>
    new Promise((resolve, reject) => {
      const call = request(
        {
          host: '127.0.0.1',
          port: server.port,
          path,
          method,
          ca: authority.cert,
          ...(as ?? {}),
          agent: false,
          headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
        },
        resolve,
      );
      call.on('error', reject);
      call.end(body);
    });
  return {
    port: server.port,
    url: `https://127.0.0.1:${server.port}`,
    store,
    client,
    ca: authority.cert,
    admin,
    serving,
    kubeconfig,
    certificateFor,
    open,
    async request(method, path, requestOptions) {
      const response = await open(method, path, requestOptions);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk as Buffer);
      const text = Buffer.concat(chunks).toString();
      return {
        code: response.statusCode ?? 0,
        headers: response.headers,
        body: text,
        get json() {
          return JSON.parse(text);
        },
      };
    },
    async close() {
      await informers.stop();
      await server.close();
      registry.close();
      await store.close();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
