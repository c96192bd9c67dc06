import type { CertificateSubject } from './request.ts';

/** The signers that this cluster's authority signs for. */
export const signerNames = {
  client: 'kubernetes.io/kube-apiserver-client',
  kubeletClient: 'kubernetes.io/kube-apiserver-client-kubelet',
  kubeletServing: 'kubernetes.io/kubelet-serving',
} as const;

const NODES_GROUP = 'system:nodes';
const NODE_PREFIX = 'system:node:';

interface Asked {
  username?: string | undefined;
  usages: readonly string[];
}

/**
 * Why a signer must not sign what is asked for; undefined: it may
 * (https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#kubernetes-signers).
 */
export function signerRefusal(signerName: string, subject: CertificateSubject, asked: Asked): string | undefined {
  switch (signerName) {
    case signerNames.client:
      return usageProblem(asked.usages, 'client auth', ['digital signature', 'key encipherment']);
    case signerNames.kubeletClient:
      return kubeletClientProblem(subject, asked);
    case signerNames.kubeletServing:
      return kubeletServingProblem(subject, asked);
    default:
      return `signer ${signerName} is not one of this cluster's authority`;
  }
}

/** Whether it is what a node asks for itself: to be approved without a person. */
export function kubeletClientProblem(subject: CertificateSubject, { usages }: Asked): string | undefined {
  const { dnsNames, emails, ipAddresses, uris } = subject;
  if (dnsNames.length > 0) return 'DNS subjectAltNames are not allowed';
  if (emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (ipAddresses.length > 0) return 'IP subjectAltNames are not allowed';
  if (uris.length > 0) return 'URI subjectAltNames are not allowed';
  return nodeProblem(subject) ?? exactUsages(usages, ['client auth', 'digital signature']);
}

function kubeletServingProblem(subject: CertificateSubject, { username, usages }: Asked): string | undefined {
  const { dnsNames, emails, ipAddresses, uris } = subject;
  if (dnsNames.length + ipAddresses.length === 0) return 'at least one DNS or IP subjectAltName is required';
  if (emails.length > 0) return 'Email subjectAltNames are not allowed';
  if (uris.length > 0) return 'URI subjectAltNames are not allowed';
  const problem = nodeProblem(subject) ?? exactUsages(usages, ['digital signature', 'server auth']);
  if (problem !== undefined) return problem;
  return username === subject.commonNames[0] ? undefined : 'the common name is not the name of the user who asks';
}

function nodeProblem({ commonNames, organizations }: CertificateSubject): string | undefined {
  if (organizations.length !== 1 || organizations[0] !== NODES_GROUP) {
    return `subject organization is not ${NODES_GROUP}`;
  }
  const isNode = commonNames.length === 1 && commonNames[0]!.startsWith(NODE_PREFIX);
  return isNode && commonNames[0] !== NODE_PREFIX
    ? undefined
    : `subject common name does not begin with ${NODE_PREFIX}`;
}

function exactUsages(usages: readonly string[], needed: readonly string[]): string | undefined {
  const given = new Set(usages.filter((usage) => usage !== 'key encipherment'));
  const same = given.size === needed.length && needed.every((usage) => given.has(usage));
  return same ? undefined : `usages did not match [${needed.join(' ')}], with or without key encipherment`;
}

function usageProblem(usages: readonly string[], needed: string, allowed: readonly string[]): string | undefined {
  if (!usages.includes(needed)) return `usage ${needed} is required`;
  const other = usages.find((usage) => usage !== needed && !allowed.includes(usage));
  return other === undefined ? undefined : `usage ${other} is not allowed`;
}
