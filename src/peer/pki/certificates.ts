import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';

/**
 * The cluster's certificate authority and what it signs: ECDSA P-256 keys, PEM throughout. Only bootstrap and joining import
 * this file: the library behind it costs memory that a running peer does not spend.
 */
x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 24 * 60 * 60 * 1_000;
const CA_DAYS = 3_650;
const LEAF_DAYS = 365;
/** Clocks of a cluster's machines differ: certificates hold from a little before now. */
const BACKDATE_MS = 5 * 60_000;

export interface KeyPair {
  /** PEM certificate. */
  cert: string;
  /** PEM PKCS #8 private key. */
  key: string;
}

/** Who a certificate is for, in Kubernetes' terms: the common name is the user, organisations are groups. */
export interface CertificateRequest {
  commonName: string;
  organizations?: readonly string[];
  /** DNS names and IP addresses that a server answers under; none: a client's certificate. */
  hosts?: readonly string[];
}

/** Makes a new certificate authority, valid ten years. */
export async function createAuthority(commonName: string, now: number): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: `CN=${commonName}`,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + CA_DAYS * DAY_MS),
    keys: keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(
        x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.cRLSign,
        true,
      ),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { cert: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** Signs a new key pair, valid a year. */
export async function issueCertificate(authority: KeyPair, request: CertificateRequest, now: number): Promise<KeyPair> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const issuer = new x509.X509Certificate(authority.cert);
  const usages = [x509.ExtendedKeyUsage.clientAuth];
  const extensions: x509.Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
    await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
  ];
  if (request.hosts !== undefined && request.hosts.length > 0) {
    usages.push(x509.ExtendedKeyUsage.serverAuth);
    extensions.push(
      new x509.SubjectAlternativeNameExtension(
        request.hosts.map((host) => ({ type: isAddress(host) ? ('ip' as const) : ('dns' as const), value: host })),
      ),
    );
  }
  extensions.push(new x509.ExtendedKeyUsageExtension(usages));
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: [...(request.organizations ?? []).map((name) => ({ O: [name] })), { CN: [request.commonName] }],
    issuer: issuer.subject,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(now + LEAF_DAYS * DAY_MS),
    signingKey: await importKey(authority.key),
    publicKey: keys.publicKey,
    signingAlgorithm: ALGORITHM,
    extensions,
  });
  return { cert: certificate.toString('pem'), key: await exportKey(keys.privateKey) };
}

/** What a certificate may be used for, by the names that requests use. */
const keyUsages: Readonly<Record<string, number>> = {
  'digital signature': x509.KeyUsageFlags.digitalSignature,
  'key encipherment': x509.KeyUsageFlags.keyEncipherment,
};
const extendedKeyUsages: Readonly<Record<string, string>> = {
  'client auth': x509.ExtendedKeyUsage.clientAuth,
  'server auth': x509.ExtendedKeyUsage.serverAuth,
};

/**
 * Signs a PKCS #10 request, whose subject and alternative names the caller has checked: both are written anew as they were read,
 * so that what was checked is what is signed. The certificate ends with the authority at the latest.
 */
export async function signRequest(
  authority: KeyPair,
  { request, usages, lifeMs }: { request: string; usages: readonly string[]; lifeMs: number },
  now: number,
): Promise<string> {
  const asked = new x509.Pkcs10CertificateRequest(request);
  const issuer = new x509.X509Certificate(authority.cert);
  const flags = usages.reduce((sum, usage) => sum | (keyUsages[usage] ?? 0), 0);
  const alternative = asked.extensions.find((extension) => extension instanceof x509.SubjectAlternativeNameExtension);
  const names = alternative?.names.toJSON() ?? [];
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: asked.subjectName.toJSON(),
    issuer: issuer.subject,
    notBefore: new Date(now - BACKDATE_MS),
    notAfter: new Date(Math.min(now + lifeMs, issuer.notAfter.getTime())),
    signingKey: await importKey(authority.key),
    publicKey: asked.publicKey,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
      new x509.ExtendedKeyUsageExtension(usages.flatMap((usage) => extendedKeyUsages[usage] ?? [])),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  return certificate.toString('pem');
}

/** A positive number of 16 random bytes (RFC 5280 §4.1.2.2). */
function serialNumber(): string {
  const bytes = Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)));
  bytes[0] = ((bytes[0] as number) & 0x7f) | 0x40;
  return bytes.toString('hex');
}

function isAddress(host: string): boolean {
  return /^[\d.]+$/.test(host) || host.includes(':');
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  const der = x509.PemConverter.decodeFirst(pem);
  return await webcrypto.subtle.importKey('pkcs8', der, ALGORITHM, false, ['sign']);
}
