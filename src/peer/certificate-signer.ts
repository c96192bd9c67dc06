import type { SignCertificate } from '../controllers/index.ts';
import type { PeerContext } from './context.ts';
import { readPem } from './tls.ts';

/** Signs with the key of the cluster's authority, if this peer has it. The key is read when it is used, and not kept. */
export function certificateSigner({ config, tls, clock }: PeerContext): SignCertificate | undefined {
  const { caKey } = config.pki;
  if (caKey === undefined) return undefined;
  return async (request) => {
    const { signRequest } = await import('./pki/certificates.ts');
    return signRequest({ cert: tls.ca, key: readPem(caKey) }, request, clock.now());
  };
}
