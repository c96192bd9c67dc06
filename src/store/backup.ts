import type { Clock } from '../base/index.ts';
import type { StateMachine } from '../replica/index.ts';
import { readArchive } from './archive.ts';
import { Keyspace } from './keyspace.ts';
import type { LeaseTable } from './leases.ts';
import { hashAtOnce, readSnapshot, writeSnapshot } from './snapshot.ts';
import { StoreStateMachine } from './state-machine.ts';
import { Version } from './version.ts';

/** What a state holds. */
export interface StateInfo {
  /** As `etcdctl endpoint hashkv` tells it of a store in that state. */
  hash: number;
  revision: number;
  compactRevision: number;
  keys: number;
  leases: number;
  /** Of all keys and values. */
  bytes: number;
}

/** Reads a snapshot file through. Rejects with SNAPSHOT_CORRUPT when it is not whole. */
export async function describeArchive(file: AsyncIterable<Uint8Array>, clock: Clock): Promise<StateInfo> {
  const { keyspace, leases } = await readSnapshot(readArchive(file), clock);
  return describe(keyspace, leases);
}

/** A state machine that nobody uses as a store, to be filled from a stopped peer's data. */
export function createStateInspector(clock: Clock): { stateMachine: StateMachine; describe(): StateInfo } {
  const stateMachine = new StoreStateMachine(clock);
  return { stateMachine, describe: () => describe(stateMachine.keyspace, stateMachine.leases) };
}

function describe(keyspace: Keyspace, leases: LeaseTable): StateInfo {
  const { hash, revision, compactRevision } = hashAtOnce(keyspace);
  return {
    hash,
    revision,
    compactRevision,
    keys: keyspace.size,
    leases: [...leases.all()].length,
    bytes: keyspace.bytes,
  };
}

/**
 * So many revisions are left out between a snapshot and what is restored from it, as etcd advises: the lost cluster has used the
 * ones after the snapshot for other writes, and no client may take the new for the old.
 */
const REVISION_GAP = 1_000_000_000;

/**
 * The state in a snapshot file as a new cluster begins with it: without history, so that whoever resumes a watch from the lost
 * cluster is told that it is compacted. Each call of what is returned yields a snapshot for one peer. Rejects with SNAPSHOT_CORRUPT.
 */
export async function stateToRestore(
  file: AsyncIterable<Uint8Array>,
  clock: Clock,
): Promise<() => AsyncIterable<Uint8Array>> {
  const { keyspace: lost, leases } = await readSnapshot(readArchive(file), clock);
  const revision = lost.revision + REVISION_GAP;
  const keyspace = new Keyspace(revision, revision);
  lost.visit('', '\u0100', ({ key, value, createRevision, modRevision, version, lease }) => {
    keyspace.load(new Version(key, value, createRevision, modRevision, version, lease), false);
    return true;
  });
  return () => writeSnapshot(keyspace, leases);
}
