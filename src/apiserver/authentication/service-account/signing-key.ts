import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

/** What service account tokens are signed with, the same on all peers. */
export interface SigningKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
  algorithm: 'ES256' | 'RS256';
  /** Tells whoever checks a token which key to take. */
  id: string;
}

/** Reads a private key in PEM format: elliptic (P-256) or RSA. Throws a TypeError for any other. */
export function readSigningKey(pem: string): SigningKey {
  const privateKey = createPrivateKey(pem);
  const publicKey = createPublicKey(privateKey);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = privateKey;
  const algorithm = type === 'rsa' ? 'RS256' : details?.namedCurve === 'prime256v1' ? 'ES256' : undefined;
  if (algorithm === undefined) throw new TypeError('the key is neither of the curve P-256 nor RSA');
  const der = publicKey.export({ type: 'spki', format: 'der' });
  return { privateKey, publicKey, algorithm, id: createHash('sha256').update(der).digest('base64url') };
}
