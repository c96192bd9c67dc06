import { timingSafeEqual } from 'node:crypto';
import { parseTime } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';
import type { StateReader } from '../registry/types.ts';
import type { TokenAuthenticator } from './types.ts';

const secrets = { group: '', resource: 'secrets' };
const NAMESPACE = 'kube-system';
const TYPE = 'bootstrap.kubernetes.io/token';
const FORM = /^([a-z0-9]{6})\.([a-z0-9]{16})$/;
const GROUP = 'system:bootstrappers';
const EXTRA_GROUP = /^system:bootstrappers:[a-z0-9:-]{0,255}[a-z0-9]$/;

/**
 * Tokens that let new machines introduce themselves: Secrets in kube-system hold them
 * (https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/).
 */
export function bootstrapTokenAuthenticator(options: {
  state: StateReader;
  clock: Clock;
  audiences: readonly string[];
}): TokenAuthenticator {
  const { state, clock } = options;
  return {
    async authenticateToken(token, audiences) {
      const [, id = '', secret = ''] = FORM.exec(token) ?? [];
      if (id === '') return undefined;
      const groups = groupsOf(state, id, secret, clock.now()) ?? (await freshGroupsOf(id, secret));
      if (groups === undefined) throw new Error('the bootstrap token does not hold');
      const meant = audiences.filter((audience) => options.audiences.includes(audience));
      return { user: { name: `system:bootstrap:${id}`, groups }, audiences: meant };
    },
  };

  /** It may have been made a moment ago, through another peer. */
  async function freshGroupsOf(id: string, secret: string): Promise<string[] | undefined> {
    await state.fresh();
    return groupsOf(state, id, secret, clock.now());
  }
}

/** The groups of who has the token; undefined when it doesn't hold. */
function groupsOf(state: StateReader, id: string, secret: string, now: number): string[] | undefined {
  const found = state.lookup(secrets, NAMESPACE, `bootstrap-token-${id}`)?.object;
  if (found === undefined || found['type'] !== TYPE || found.metadata.deletionTimestamp) return undefined;
  const data = (found['data'] ?? {}) as Record<string, string>;
  const value = (key: string): string => Buffer.from(data[key] ?? '', 'base64').toString();
  if (!same(value('token-secret'), secret) || value('token-id') !== id) return undefined;
  const expiration = value('expiration');
  // A time that can't be read is one that has come.
  if (expiration !== '' && !((parseTime(expiration) ?? 0) > now)) return undefined;
  if (value('usage-bootstrap-authentication') !== 'true') return undefined;
  const extra = value('auth-extra-groups');
  const extraGroups = extra === '' ? [] : extra.split(',');
  return extraGroups.every((group) => EXTRA_GROUP.test(group)) ? [GROUP, ...extraGroups] : undefined;
}

function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
