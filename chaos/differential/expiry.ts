import type { Store } from '../../src/store/index.ts';
import { pause } from '../pause.ts';

/** What is promised to a client that goes away. */
export const TTL_SECONDS = 2;
/** It is gone for good when it still is there after so long. */
const GIVE_UP_MS = 30_000;

export interface Expiry {
  /** Milliseconds from when the lease was asked for until its key was gone: what the client can be sure of. */
  lastedMs: number;
  /** In seconds; what the store granted. */
  grantedTtl: number;
}

/** Lets a lease expire that nobody renews. */
export async function letExpire(store: Store, key: string): Promise<Expiry> {
  const asked = performance.now();
  const { id, ttl } = await store.leaseGrant({ ttl: TTL_SECONDS });
  const { revision } = await store.put(key, Buffer.from(String(id)), { lease: id });
  let goneAt: number | undefined;
  const handle = store.watch({
    ...{ key, fromRevision: revision + 1 },
    listener: ({ events }) => {
      if (events.some(({ type }) => type === 'delete')) goneAt ??= performance.now();
    },
  });
  while (goneAt === undefined && performance.now() - asked < GIVE_UP_MS) await pause(20);
  handle.cancel();
  return { lastedMs: (goneAt ?? performance.now()) - asked, grantedTtl: ttl };
}
