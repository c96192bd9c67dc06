import { generateKeyPairSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { KeelsonError } from '../base/index.ts';
import type { ClusterShape } from './cluster-files.ts';
import { type ClusterPaths, writeFileAtomic } from './data-dir.ts';
import type { CertificateRequest, KeyPair } from './pki/certificates.ts';
import { parseCertificate, readPem } from './tls.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;
/** Certificates that end sooner are made anew at the next start. */
const RENEW_BEFORE_MS = 30 * DAY_MS;

/** A certificate that the cluster's authority signs, and where it is kept. */
interface Leaf {
  cert: string;
  key: string;
  request: CertificateRequest;
}

/** Makes the cluster's authority and everybody's certificates. */
export async function createPki(
  paths: ClusterPaths,
  shape: ClusterShape,
  serviceIp: string,
  now: number,
): Promise<void> {
  const { createAuthority } = await import('./pki/certificates.ts');
  const authority = await createAuthority('keelson-ca', now);
  writeFileAtomic(paths.pki.caCert, authority.cert, 0o644);
  writeFileAtomic(paths.pki.caKey, authority.key);
  ensureTokenKey(paths);
  await issue(authority, leavesOf(paths, shape, serviceIp), now);
}

/** Makes the key that signs service account tokens, unless it is there; tells whether it was not. */
export function ensureTokenKey({ pki }: ClusterPaths): boolean {
  if (existsSync(pki.tokenKey)) return false;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writeFileAtomic(pki.tokenKey, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  return true;
}

/** Makes anew what expires soon; tells whether there was any. Throws PKI when a file is missing, or the authority ends. */
export async function renewPki(
  paths: ClusterPaths,
  shape: ClusterShape,
  serviceIp: string,
  now: number,
): Promise<boolean> {
  const ends = (path: string): number => Date.parse(parseCertificate(path, readPem(path)).validTo);
  if (ends(paths.pki.caCert) < now)
    throw new KeelsonError('PKI', `${paths.pki.caCert}, the cluster's authority, has expired: start a new cluster`);
  const due = leavesOf(paths, shape, serviceIp).filter(({ cert }) => ends(cert) < now + RENEW_BEFORE_MS);
  if (due.length === 0) return false;
  await issue({ cert: readPem(paths.pki.caCert), key: readPem(paths.pki.caKey) }, due, now);
  return true;
}

/** Makes the certificate of a peer that came later. */
export async function issuePeer(
  paths: ClusterPaths,
  shape: ClusterShape,
  id: number,
  serviceIp: string,
  now: number,
): Promise<void> {
  const due = leavesOf(paths, shape, serviceIp).filter(({ cert }) => cert === paths.peer(id).cert);
  await issue({ cert: readPem(paths.pki.caCert), key: readPem(paths.pki.caKey) }, due, now);
}

/** What the cluster's administrator identifies with. */
export function adminPem(paths: ClusterPaths): { ca: string; cert: string; key: string } {
  return { ca: readPem(paths.pki.caCert), cert: readPem(paths.pki.clientCert), key: readPem(paths.pki.clientKey) };
}

async function issue(authority: KeyPair, leaves: readonly Leaf[], now: number): Promise<void> {
  const { issueCertificate } = await import('./pki/certificates.ts');
  for (const { cert, key, request } of leaves) {
    const pair = await issueCertificate(authority, request, now);
    writeFileAtomic(cert, pair.cert, 0o644);
    writeFileAtomic(key, pair.key);
  }
}

function leavesOf({ pki, peer }: ClusterPaths, shape: ClusterShape, serviceIp: string): Leaf[] {
  return [
    {
      cert: pki.clientCert,
      key: pki.clientKey,
      request: { commonName: 'kubernetes-admin', organizations: ['system:masters'] },
    },
    ...shape.members.map(({ id, host }) => ({
      cert: peer(id).cert,
      key: peer(id).key,
      request: {
        commonName: `keelson:peer:${id}`,
        organizations: ['keelson:peers'],
        hosts: serverNames(id, host, serviceIp),
      },
    })),
  ];
}

/** Every name that clients call an API server by. */
function serverNames(id: number, host: string, serviceIp: string): string[] {
  const names = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'kubernetes.default.svc.cluster.local'];
  return [...new Set([host, '127.0.0.1', '::1', serviceIp, 'localhost', `peer-${id}`, ...names])];
}
