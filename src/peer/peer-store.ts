import type { Route } from '../apiserver/index.ts';
import type { Store } from '../store/index.ts';
import type { Turn } from './bootstrap.ts';
import type { PeerContext } from './context.ts';
import type { StoreState } from './status.ts';

/** What a peer keeps the cluster's state in, and all that depends on what that is. */
export interface PeerStore {
  readonly store: Store;
  /** Rejects when the peer has to stop because of it. */
  readonly failed: Promise<never>;
  readonly bootstrapTurn: Turn;
  /** What only this kind of store has to offer to the cluster's administrators. */
  readonly routes: readonly Route[];
  state(): StoreState;
  /** Opens the ports that only this kind of store has, after that of the API. */
  serve(): Promise<void>;
}

/** The store that the configuration asks for: the embedded one, or an etcd cluster. Who does not use it does not load it. */
export async function openPeerStore(context: PeerContext): Promise<PeerStore> {
  const { store } = context.config;
  if (store === undefined) return (await import('./replicated-store.ts')).openReplicatedStore(context);
  return (await import('./etcd-backed-store.ts')).openEtcdBackedStore(context, store);
}
