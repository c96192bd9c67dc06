import type { UntypedServiceImplementation } from '@grpc/grpc-js';
import { writeArchive } from '../store/index.ts';
import { send, serverStream, unary } from './call.ts';
import type { EtcdContext } from './context.ts';
import { etcdErrors } from './errors.ts';
import {
  type AlarmAnswer,
  type AlarmMessage,
  alarmActions,
  alarmTypes,
  type EmptyAnswer,
  type HashAnswer,
  type Int64,
  type SnapshotAnswer,
  type StatusAnswer,
} from './messages.ts';
import { count, safe } from './values.ts';

/** The release whose API this is: clients decide by it what they may use, such as requests for progress. */
const ETCD_VERSION = '3.5.8';

/** Service Maintenance. A peer takes care of its own disk, and its alarm clears itself, so some of it has nothing to do. */
export function maintenanceService(context: EtcdContext): UntypedServiceImplementation {
  const { store, replica, leadership, header } = context;
  return {
    /** This peer's own: whether another one is full, that one says. */
    Alarm: unary<AlarmMessage, AlarmAnswer>(context, async ({ action }) => {
      if (action === alarmActions.activate) throw etcdErrors.unimplemented('alarms are not raised by hand');
      const full = store.local.space().full || replica.status().disk?.low === true;
      return { header: header(), alarms: full ? [{ memberID: replica.id, alarm: alarmTypes.noSpace }] : [] };
    }),
    Status: unary<object, StatusAnswer>(context, async () => {
      const { bytes, leader, term, raftIndex, raftApplied } = await store.status();
      return {
        header: header(),
        version: ETCD_VERSION,
        dbSize: bytes,
        dbSizeInUse: bytes,
        leader,
        raftIndex,
        raftTerm: term,
        raftAppliedIndex: raftApplied,
      };
    }),
    Defragment: unary<object, EmptyAnswer>(context, async () => ({ header: header() })),
    Hash: unary<object, HashAnswer>(context, async () => {
      const { hash, revision } = await store.local.hash(0);
      return { header: header(revision), hash };
    }),
    HashKV: unary<{ revision: Int64 }, HashAnswer>(context, async ({ revision }) => {
      const { hash, compactRevision } = await store.local.hash(count(revision));
      return { header: header(), hash, compactRevision };
    }),
    /** Bytes in Keelson's own format, for `keelson snapshot`; how many remain is not known while it is made. */
    Snapshot: serverStream<object, SnapshotAnswer>(context, async (_, call) => {
      for await (const blob of writeArchive(store.local.snapshot())) {
        if (call.cancelled) return;
        await send(call, { header: header(), remainingBytes: 0, blob });
      }
    }),
    MoveLeader: unary<{ targetID: Int64 }, EmptyAnswer>(context, async ({ targetID }) => {
      const target = safe(targetID);
      if (leadership.leader !== replica.id) throw etcdErrors.notLeader();
      if (!replica.status().members.includes(target)) throw etcdErrors.badTransferee();
      await replica.transferLeadership(target);
      return { header: header() };
    }),
  };
}
