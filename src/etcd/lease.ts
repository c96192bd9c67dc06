import type { ServerDuplexStream, UntypedServiceImplementation } from '@grpc/grpc-js';
import { errorCode } from '../base/index.ts';
import { bidirectional, messagesOf, send, unary } from './call.ts';
import type { EtcdContext } from './context.ts';
import { etcdErrors } from './errors.ts';
import type {
  EmptyAnswer,
  LeaseAnswer,
  LeaseGrantMessage,
  LeaseMessage,
  LeasesAnswer,
  LeaseTimeToLiveAnswer,
  LeaseTimeToLiveMessage,
} from './messages.ts';
import { safe, toBytes } from './values.ts';

/** etcd grants no less than one and a half elections' time, in whole seconds: here 1.2 s. */
const MIN_TTL = 2;
const MAX_TTL = 9_000_000_000;

/** Service Lease. The store picks small ids; a client's own may not be above 2^53 - 1. */
export function leaseService(context: EtcdContext): UntypedServiceImplementation {
  const { store, header } = context;

  /** `absent` when there is no such lease. */
  const unlessGone = async <T>(work: Promise<T>, absent: T): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      if (errorCode(error) === 'LEASE_NOT_FOUND') return absent;
      throw error;
    }
  };

  return {
    LeaseGrant: unary<LeaseGrantMessage, LeaseAnswer>(context, async ({ ID, TTL }) => {
      const asked = safe(TTL);
      if (asked > MAX_TTL) throw etcdErrors.ttlTooLarge();
      const { id, ttl } = await store.leaseGrant({ id: safe(ID), ttl: Math.max(asked, MIN_TTL) });
      return { header: header(), ID: id, TTL: ttl };
    }),
    LeaseRevoke: unary<LeaseMessage, EmptyAnswer>(context, async ({ ID }) => {
      const { revision } = await store.leaseRevoke(safe(ID));
      return { header: header(revision) };
    }),
    LeaseKeepAlive: bidirectional(context, async (call: ServerDuplexStream<LeaseMessage, LeaseAnswer>) => {
      for await (const { ID } of messagesOf<LeaseMessage>(call)) {
        const id = safe(ID);
        const { ttl } = await unlessGone(store.leaseKeepAlive(id), { ttl: 0 });
        await send(call, { header: header(), ID: id, TTL: ttl });
      }
    }),
    LeaseTimeToLive: unary<LeaseTimeToLiveMessage, LeaseTimeToLiveAnswer>(context, async ({ ID, keys: wanted }) => {
      const id = safe(ID);
      const found = await unlessGone(store.leaseTimeToLive(id), undefined);
      if (found === undefined) return { header: header(), ID: id, TTL: -1 };
      const { ttl, remaining, keys } = found;
      return {
        header: header(),
        ID: id,
        TTL: Math.ceil(remaining),
        grantedTTL: ttl,
        ...(wanted ? { keys: keys.map(toBytes) } : {}),
      };
    }),
    LeaseLeases: unary<object, LeasesAnswer>(context, async () => {
      const ids = await store.leases();
      return { header: header(), leases: ids.map((ID) => ({ ID })) };
    }),
  };
}
