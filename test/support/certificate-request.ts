import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

export interface MadeRequest {
  /** The PKCS #10 request in PEM, in Base64, as `spec.request` has it. */
  request: string;
  /** PEM. */
  key: string;
}

/** A new key, and a request for a certificate of it. */
export async function makeCertificateRequest(subject: {
  commonName: string;
  organizations?: readonly string[];
  names?: x509.JsonGeneralNames;
}): Promise<MadeRequest> {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const { commonName, organizations = [], names } = subject;
  const request = await x509.Pkcs10CertificateRequestGenerator.create({
    name: [...organizations.map((name) => ({ O: [name] })), { CN: [commonName] }],
    keys,
    signingAlgorithm: algorithm,
    extensions: names === undefined ? [] : [new x509.SubjectAlternativeNameExtension(names)],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  return { request: Buffer.from(request.toString('pem')).toString('base64'), key };
}
