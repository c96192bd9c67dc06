/** Who and what a certificate is asked for, as a PKCS #10 request says. */
export interface CertificateSubject {
  /** As a rule one; the last counts, and none of them may be what nobody may be. */
  commonNames: string[];
  organizations: string[];
  dnsNames: string[];
  ipAddresses: string[];
  emails: string[];
  uris: string[];
}

const BLOCK = 'CERTIFICATE REQUEST';

/**
 * Reads `spec.request` of a CertificateSigningRequest. Rejects with an Error whose message says what is wrong with it. The library
 * behind it is loaded with the first request: most clusters see none.
 */
export async function parseCertificateRequest(base64: string): Promise<CertificateSubject> {
  const pem = Buffer.from(base64, 'base64').toString();
  const [, type] = /-----BEGIN ([^-]+)-----/.exec(pem) ?? [];
  if (type !== BLOCK) throw new Error(`PEM block type must be ${BLOCK}`);
  await import('reflect-metadata');
  const { Pkcs10CertificateRequest, SubjectAlternativeNameExtension } = await import('@peculiar/x509');
  const request = new Pkcs10CertificateRequest(pem);
  if (!(await request.verify())) throw new Error('the signature of the request is not that of its key');
  const alternative = request.extensions.find((extension) => extension instanceof SubjectAlternativeNameExtension);
  const names = alternative?.names.items ?? [];
  const of = (kind: string): string[] => names.flatMap(({ type: each, value }) => (each === kind ? [value] : []));
  return {
    commonNames: request.subjectName.getField('CN'),
    organizations: request.subjectName.getField('O'),
    dnsNames: of('dns'),
    ipAddresses: of('ip'),
    emails: of('email'),
    uris: of('url'),
  };
}
