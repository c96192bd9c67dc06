import { X509Certificate } from 'node:crypto';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import test, { type ExecutionContext } from 'ava';
import { createAuthority, issueCertificate, type KeyPair, signRequest } from '../../src/peer/pki/certificates.ts';
import { makeCertificateRequest } from '../support/certificate-request.ts';

const now = Date.now();
const authority = await createAuthority('test-ca', now);

async function signed(usages: string[], lifeMs = 60_000): Promise<KeyPair> {
  const made = await makeCertificateRequest({ commonName: 'system:node:a', organizations: ['system:nodes'] });
  const pem = Buffer.from(made.request, 'base64').toString();
  return { cert: await signRequest(authority, { request: pem, usages, lifeMs }, now), key: made.key };
}

/** Whether a server that asks for certificates takes it for a client's. */
async function isClient(t: ExecutionContext, pair: KeyPair): Promise<boolean> {
  const hosts = ['127.0.0.1'];
  const serving = await issueCertificate(authority, { commonName: 'server', hosts }, now);
  const options = { ca: authority.cert, ...serving, requestCert: true, rejectUnauthorized: false };
  const server = createServer(options, (asked, response) => {
    response.end(String((asked.socket as TLSSocket).authorized));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => server.close());
  const { port } = server.address() as AddressInfo;
  return new Promise((resolve, reject) => {
    const call = request({ host: '127.0.0.1', port, ca: authority.cert, ...pair, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      resolve(text === 'true');
    });
    call.on('error', reject);
    call.end();
  });
}

test('a certificate has the subject, the usages and the life that were asked for', async (t) => {
  const { cert } = await signed(['client auth', 'digital signature'], 3_600_000);
  const parsed = new X509Certificate(cert);
  t.is(parsed.subject, 'O=system:nodes\nCN=system:node:a');
  t.deepEqual(parsed.keyUsage, ['1.3.6.1.5.5.7.3.2']);
  t.false(parsed.ca);
  t.true(Math.abs(Date.parse(parsed.validTo) - now - 3_600_000) < 2_000);
  t.true(parsed.verify(new X509Certificate(authority.cert).publicKey));
});

test('it does not outlive the authority', async (t) => {
  const { cert } = await signed(['client auth'], 100 * 365 * 86_400_000);
  t.is(new X509Certificate(cert).validTo, new X509Certificate(authority.cert).validTo);
});

test('what is for servers makes nobody a client', async (t) => {
  t.true(await isClient(t, await signed(['client auth', 'digital signature'])));
  t.false(await isClient(t, await signed(['server auth', 'digital signature'])));
});
