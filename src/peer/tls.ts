import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TlsMaterial } from '../apiserver/index.ts';
import { errorCode, errorMessage, KeelsonError } from '../base/index.ts';
import type { PeerConfig } from './config.ts';

/**
 * Reads a peer's certificate files. Throws PKI, whose text names the file, when one is missing, damaged, expired or not the
 * peer's.
 */
export function readTls({ pki, peerId }: PeerConfig, now: number): TlsMaterial {
  const material = { ca: readPem(pki.ca), cert: readPem(pki.cert), key: readPem(pki.key) };
  const authority = parseCertificate(pki.ca, material.ca);
  const certificate = parseCertificate(pki.cert, material.cert);
  const name = `CN=keelson:peer:${peerId}`;
  if (!certificate.subject.split('\n').includes(name))
    throw wrong(`${pki.cert} is not peer ${peerId}'s: its subject must have ${name}`);
  if (!certificate.verify(authority.publicKey)) throw wrong(`${pki.cert} is not signed by ${pki.ca}`);
  if (!certificate.checkPrivateKey(parseKey(pki.key, material.key)))
    throw wrong(`${pki.key} is not the key of ${pki.cert}`);
  checkValidity(pki.ca, authority, now);
  checkValidity(pki.cert, certificate, now);
  return material;
}

/** Reads a file of a cluster's certificates. Throws PKI. */
export function readPem(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw wrong(`can't read ${path} (${errorCode(error) ?? errorMessage(error)}): restore it from a backup`, error);
  }
}

export function parseCertificate(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw wrong(`${path} holds no certificate in PEM format`, error);
  }
}

function parseKey(path: string, pem: string): ReturnType<typeof createPrivateKey> {
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw wrong(`${path} holds no private key in PEM format`, error);
  }
}

function checkValidity(path: string, { validFrom, validTo }: X509Certificate, now: number): void {
  if (now < Date.parse(validFrom))
    throw wrong(`${path} is valid only from ${validFrom} on: check the clock of this machine`);
  if (now > Date.parse(validTo))
    throw wrong(`${path} expired on ${validTo}: replace it ("keelson up" renews those that it made)`);
}

function wrong(message: string, cause?: unknown): KeelsonError {
  return new KeelsonError('PKI', message, { cause });
}
