import type { IncomingMessage } from 'node:http';
import { errors } from '../../api/index.ts';
import { type Attributes, type Authorizer, denied } from '../authorization/index.ts';
import { anonymous } from '../exchange.ts';
import type { User } from '../registry/types.ts';

const UNAUTHENTICATED = 'system:unauthenticated';
const EXTRA_PREFIX = 'impersonate-extra-';
const PREFIX = 'impersonate-';
const serviceAccountPattern = /^system:serviceaccount:([^:]+):([^:]+)$/;

/** The user that a request asks to be taken for, and who may ask so. */
interface Wish {
  user: User;
  /** Each must be allowed to who really asks. */
  permissions: NonNullable<Attributes['resource']>[];
}

/**
 * The user as whom a request acts: `user`, or whom its Impersonate headers name (kubectl's --as), provided `user` may
 * impersonate that name and each group
 * (https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation).
 */
export async function impersonate(request: IncomingMessage, user: User, authorizer: Authorizer): Promise<User> {
  const wish = wishOf(request);
  if (wish === undefined) return user;
  for (const resource of wish.permissions) {
    const attributes: Attributes = { user, verb: 'impersonate', path: '', resource };
    const { allowed, reason } = await authorizer.authorize(attributes);
    if (!allowed) throw denied(attributes, reason);
  }
  return wish.user;
}

function wishOf(request: IncomingMessage): Wish | undefined {
  const headers = impersonationHeaders(request);
  const name = headers['impersonate-user']?.[0] ?? '';
  const uid = headers['impersonate-uid']?.[0] ?? '';
  const groups = headers['impersonate-group'] ?? [];
  const extra = Object.entries(headers)
    .filter(([header]) => header.startsWith(EXTRA_PREFIX))
    .map(([header, values]) => [decodeKey(header.slice(EXTRA_PREFIX.length)), values ?? []] as const);
  if (name === '') {
    if (uid === '' && groups.length === 0 && extra.length === 0) return undefined;
    throw errors.badRequest('a group, uid or extra field cannot be impersonated without a user');
  }
  return {
    user: {
      name,
      groups: groupsOf(name, groups),
      ...(uid === '' ? {} : { uid }),
      ...(extra.length === 0 ? {} : { extra: Object.fromEntries(extra) }),
    },
    permissions: [
      userPermission(name),
      ...groups.map((group) => permission('', 'groups', group)),
      ...(uid === '' ? [] : [permission('authentication.k8s.io', 'uids', uid)]),
      ...extra.flatMap(([key, values]) =>
        values.map((value) => permission('authentication.k8s.io', 'userextras', value, key)),
      ),
    ],
  };
}

function permission(group: string, resource: string, name: string, subresource = ''): Wish['permissions'][number] {
  return { group, resource, subresource, namespace: undefined, name };
}

function userPermission(user: string): Wish['permissions'][number] {
  const [, namespace, name] = serviceAccountPattern.exec(user) ?? [];
  return name === undefined ? permission('', 'users', user) : { ...permission('', 'serviceaccounts', name), namespace };
}

/** What is true of a user whoever names it: service accounts have groups, and who is not anonymous is authenticated. */
function groupsOf(user: string, groups: readonly string[]): string[] {
  const namespace = serviceAccountPattern.exec(user)?.[1];
  const own =
    namespace !== undefined && groups.length === 0
      ? ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
      : groups;
  if (own.includes(UNAUTHENTICATED)) return [...new Set(own)];
  return [...new Set([...own, user === anonymous.name ? UNAUTHENTICATED : 'system:authenticated'])];
}

function decodeKey(key: string): string {
  try {
    return decodeURIComponent(key);
  } catch {
    return key;
  }
}

/** By lower-case name, each with all its values: an HTTP/2 request has no other list of them. */
function impersonationHeaders({ rawHeaders }: IncomingMessage): Record<string, string[]> {
  const headers: Record<string, string[]> = {};
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!.toLowerCase();
    if (name.startsWith(PREFIX)) headers[name] = [...(headers[name] ?? []), rawHeaders[i + 1]!];
  }
  return headers;
}
