import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { createAuthority, issueCertificate } from '../../src/peer/pki/certificates.ts';

/** A program that an API server asks about requests. */
export interface WebhookServer {
  port: number;
  url: string;
  /** Base64, as a webhook's clientConfig wants it. */
  caBundle: string;
  /** What was asked, oldest first. */
  reviews: Review[];
  /** Connections that were made. */
  connections(): number;
  /** Closes the connections that are kept, as a server does after a while. */
  dropConnections(): void;
  close(): Promise<void>;
}

// biome-ignore lint/suspicious/noExplicitAny: reviews of all kinds are looked into.
export type Review = { path: string; request: any };

/** What it answers to one review: part of AdmissionReview's response, a status code, nothing at all, a beginning, too much. */
export type Answer =
  | { allowed: boolean; patch?: object[]; [field: string]: unknown }
  | number
  | 'never'
  | 'stalls'
  | 'floods';

export async function startWebhookServer(
  answer: (review: Review) => Answer,
  hosts: readonly string[] = ['127.0.0.1'],
): Promise<WebhookServer> {
  const authority = await createAuthority('webhook-ca', Date.now());
  const { cert, key } = await issueCertificate(authority, { commonName: 'webhook', hosts: [...hosts] }, Date.now());
  const reviews: Review[] = [];
  let connections = 0;
  const server = createServer({ cert, key }, async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const asked = JSON.parse(Buffer.concat(chunks).toString());
    const review = { path: request.url ?? '', request: asked.request };
    reviews.push(review);
    const said = answer(review);
    if (said === 'never') return;
    if (said === 'stalls') {
      response.write('{');
      return;
    }
    if (said === 'floods') {
      response.end(' '.repeat(4 * 1024 * 1024));
      return;
    }
    if (typeof said === 'number') {
      response.writeHead(said).end('out of order');
      return;
    }
    const { patch, ...rest } = said;
    const patched =
      patch === undefined
        ? {}
        : { patchType: 'JSONPatch', patch: Buffer.from(JSON.stringify(patch)).toString('base64') };
    const { apiVersion, kind } = asked;
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ apiVersion, kind, response: { uid: asked.request.uid, ...rest, ...patched } }));
  });
  server.on('secureConnection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `https://127.0.0.1:${port}`,
    caBundle: Buffer.from(authority.cert).toString('base64'),
    reviews,
    connections: () => connections,
    dropConnections: () => server.closeAllConnections(),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
