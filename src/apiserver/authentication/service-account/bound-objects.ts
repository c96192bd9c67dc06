import { parseTime } from '../../../api/index.ts';
import type { GroupResource, StateReader } from '../../registry/types.ts';
import type { PrivateClaims, Reference } from './claims.ts';

const serviceAccounts = { group: '', resource: 'serviceaccounts' };
const pods = { group: '', resource: 'pods' };
const secrets = { group: '', resource: 'secrets' };
const nodes = { group: '', resource: 'nodes' };

/** How long a token outlives an object that is being deleted, as in Kubernetes. */
const LEEWAY_MS = 60_000;

/** Resolves with why a token no longer holds: its account, or what it is bound to, is gone; undefined when it holds. */
export async function brokenBond(state: StateReader, claims: PrivateClaims, now: number): Promise<string | undefined> {
  const broken = findBroken(state, claims, now);
  if (broken === undefined) return undefined;
  // It may have been made a moment ago, through another peer.
  await state.fresh();
  return findBroken(state, claims, now);
}

function findBroken(state: StateReader, claims: PrivateClaims, now: number): string | undefined {
  const { namespace, serviceaccount, pod, secret, node } = claims;
  const holds = (type: GroupResource, within: string | undefined, reference: Reference | undefined): boolean => {
    if (reference === undefined) return true;
    const found = state.lookup(type, within, reference.name)?.object.metadata;
    if (found === undefined || found.uid !== reference.uid) return false;
    const gone = found.deletionTimestamp === undefined ? undefined : parseTime(found.deletionTimestamp);
    return gone === undefined || gone > now - LEEWAY_MS;
  };
  if (!holds(serviceAccounts, namespace, serviceaccount)) return 'service account token has been invalidated';
  if (!holds(secrets, namespace, secret)) return 'service account token has been invalidated: its secret is gone';
  if (!holds(pods, namespace, pod)) return 'service account token has been invalidated: its pod is gone';
  // Of a pod's token the node is only told.
  if (pod === undefined && !holds(nodes, undefined, node))
    return 'service account token has been invalidated: its node is gone';
  return undefined;
}
