import type { certificatesv1 } from '../../api/index.ts';

export function conditionOf(
  { status }: certificatesv1.CertificateSigningRequest,
  type: string,
): certificatesv1.CertificateSigningRequestCondition | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}
