import type { User } from '../../registry/types.ts';

/** An object that a token stands and falls with. */
export interface Reference {
  name: string;
  uid: string;
}

/** What a service account's token says of itself under `kubernetes.io`. */
export interface PrivateClaims {
  namespace: string;
  serviceaccount: Reference;
  pod?: Reference;
  secret?: Reference;
  node?: Reference;
  /** Seconds since 1970 after which using it is bad manners, though it still works. */
  warnafter?: number;
}

/** All that a token says. Times are seconds since 1970. */
export interface TokenClaims {
  iss: string;
  sub: string;
  aud: string[];
  iat: number;
  nbf: number;
  exp: number;
  jti: string;
  'kubernetes.io': PrivateClaims;
}

const USER_PREFIX = 'system:serviceaccount:';
const EXTRA_PREFIX = 'authentication.kubernetes.io/';

export function serviceAccountUserName(namespace: string, name: string): string {
  return `${USER_PREFIX}${namespace}:${name}`;
}

/** The groups that every service account of a namespace has. */
export function serviceAccountGroups(namespace: string): string[] {
  return ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
}

/** As whom the holder of a token acts. */
export function userOfClaims(claims: PrivateClaims, tokenId?: string): User {
  const { namespace, serviceaccount, pod, node } = claims;
  const extra = Object.entries({
    'credential-id': tokenId && `JTI=${tokenId}`,
    'node-name': node?.name,
    'node-uid': node?.uid,
    'pod-name': pod?.name,
    'pod-uid': pod?.uid,
  }).flatMap(([key, value]) => (value ? [[EXTRA_PREFIX + key, [value]] as const] : []));
  return {
    name: serviceAccountUserName(namespace, serviceaccount.name),
    uid: serviceaccount.uid,
    groups: serviceAccountGroups(namespace),
    ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
  };
}

/** Whether what a well-signed token carries has the form of ours: keys are shared, forms change. */
export function isPrivateClaims(value: unknown): value is PrivateClaims {
  if (typeof value !== 'object' || value === null) return false;
  const { namespace, serviceaccount, pod, secret, node } = value as Record<string, unknown>;
  return (
    typeof namespace === 'string' &&
    isReference(serviceaccount) &&
    [pod, secret, node].every((reference) => reference === undefined || isReference(reference))
  );
}

function isReference(value: unknown): boolean {
  const { name, uid } = (value ?? {}) as Record<string, unknown>;
  return typeof name === 'string' && typeof uid === 'string';
}
