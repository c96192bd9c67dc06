import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { TlsMaterial } from '../apiserver/index.ts';
import { errorMessage, KeelsonError } from '../base/index.ts';
import type { PeerConfig } from './config.ts';

/** Reads a peer's certificate files. Throws PKI, whose text names the file, when one is missing, damaged or not the peer's. */
export function readTls({ pki, peerId }: PeerConfig): TlsMaterial {
  const material = { ca: read(pki.ca), cert: read(pki.cert), key: read(pki.key) };
  const certificate = parse(pki.cert, material.cert);
  const name = `CN=keelson:peer:${peerId}`;
  if (!certificate.subject.split('\n').includes(name)) {
    throw new KeelsonError('PKI', `${pki.cert} is not peer ${peerId}'s: its subject must have ${name}`);
  }
  if (!certificate.verify(parse(pki.ca, material.ca).publicKey)) {
    throw new KeelsonError('PKI', `${pki.cert} is not signed by ${pki.ca}`);
  }
  return material;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new KeelsonError('PKI', `can't read ${path}: ${errorMessage(error)}`, { cause: error });
  }
}

function parse(path: string, pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new KeelsonError('PKI', `${path} holds no certificate`, { cause: error });
  }
}
