import { createAuthority as createAuthorityPair, issueCertificate } from '../../src/peer/pki/certificates.ts';

/** PEM texts that a peer needs. */
export interface PeerTls {
  ca: string;
  certificate: string;
  key: string;
}

export interface Authority {
  /** PEM text. */
  certificate: string;
  /** A certificate for both ends of a connection. */
  issue(commonName: string): Promise<PeerTls>;
}

/** A certificate authority that lives as long as a test. */
export async function createAuthority(name = 'test authority'): Promise<Authority> {
  const authority = await createAuthorityPair(name, Date.now());
  return {
    certificate: authority.cert,
    async issue(commonName) {
      const request = { commonName, hosts: ['127.0.0.1'] };
      const { cert, key } = await issueCertificate(authority, request, Date.now());
      return { ca: authority.cert, certificate: cert, key };
    },
  };
}
