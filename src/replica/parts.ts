import type { Input, PeerId, Raft, RaftStatus } from '../raft/index.ts';
import { ApplyLoop } from './apply-loop.ts';
import type { Batch } from './batch.ts';
import type { CoreLoop } from './core-loop.ts';
import { DiskReserve } from './disk-reserve.ts';
import { KnownPeers } from './known-peers.ts';
import { LeaderNotes } from './leader-notes.ts';
import { LogWriter } from './log-writer.ts';
import { MembershipChanges } from './membership-changes.ts';
import { MessageSender } from './message-sender.ts';
import type { ReplicaLimits, ReplicaOptions } from './options.ts';
import { OwnLife } from './own-life.ts';
import { Proposals } from './proposals.ts';
import { ReadBarriers } from './read-barriers.ts';
import { Snapshots } from './snapshots.ts';
import type { Storage, StoredState } from './storage.ts';

/** Those whom a step of the Raft core concerns. */
export interface Parts {
  storage: Storage;
  sender: MessageSender;
  writer: LogWriter;
  applyLoop: ApplyLoop;
  knownPeers: KnownPeers;
  notes: LeaderNotes;
  life: OwnLife;
  proposals: Proposals;
  barriers: ReadBarriers;
  changes: MembershipChanges;
  snapshots: Snapshots;
  disk: DiskReserve | undefined;
  onStatus(status: RaftStatus): void;
  onFailure(error: unknown): void;
}

interface PartsContext extends Pick<Parts, 'onStatus' | 'onFailure'> {
  options: ReplicaOptions;
  limits: ReplicaLimits;
  stored: StoredState;
  incarnation: number;
  version: number;
  raft: Raft;
  core: CoreLoop;
  onApplied(index: number): void;
}

export function createParts(context: PartsContext): Parts {
  const { options, limits, stored, incarnation, version, raft, core, onApplied, onStatus, onFailure } = context;
  const { identity, storage, transport, stateMachine, clock, random, logger, disk: space } = options;
  const { snapshot, entries } = stored;
  const origin = identity.peerId;
  const isMine = (batch: Batch): boolean => batch.origin === origin && batch.incarnation === incarnation;
  const step = (input: Input): void => core.step(input);

  const sender = new MessageSender(transport);
  const writer = new LogWriter(
    storage,
    ({ messages, last }) => {
      if (messages.length > 0) sender.send(messages);
      if (last !== undefined) step({ type: 'persisted', index: last.index, term: last.term });
    },
    onFailure,
  );
  const disk = space && new DiskReserve(space, clock, logger);
  const proposals = new Proposals({ origin, incarnation }, limits, (data) => step({ type: 'propose', data }));
  const timeoutTicks = Math.ceil(limits.timeoutMs / limits.tickMs) + 1;
  const barriers = new ReadBarriers(timeoutTicks, (id) => step({ type: 'read-index', id }));
  const firstChange = Math.floor(random.next() * 2 ** 32) * 2 ** 20;
  const changes = new MembershipChanges(firstChange, timeoutTicks, (id, steps) => {
    step({ type: 'change-membership', id, steps });
  });
  const empty = { index: 0, term: 0, configuration: snapshot.configuration };
  const applyLoop: ApplyLoop = new ApplyLoop(stateMachine, limits.applyPerTurn, empty, {
    onEntry: (entry) => snapshots.note(entry),
    onBatch: (batch, results) => {
      if (isMine(batch)) proposals.applied(batch.sequence, results);
    },
    onGap: (batch) => {
      if (isMine(batch)) proposals.gap();
    },
    onApplied,
    onRestored: ({ index }) => {
      knownPeers.reviewAll();
      proposals.skipTo(applyLoop.sessions.lastSequence(origin, incarnation));
      onApplied(index);
    },
    onFailure,
  });
  const { sessions } = applyLoop;
  const onDoubt = (peer: PeerId): void => transport.disconnect(peer);
  const knownPeers = new KnownPeers(stored, { storage, sessions, logger, onDoubt });
  const notes = new LeaderNotes({ id: origin, incarnation, version, raft, core, knownPeers, sessions });
  const life = new OwnLife(origin, incarnation, storage, sessions);
  const hasRoomFor = (bytes: number): boolean => disk?.hasRoomFor(bytes) ?? true;
  const host = { storage, transport, writer, applyLoop, logger, limits, hasRoomFor, step, onFailure };
  const snapshots = new Snapshots(host, snapshot, entries[0]?.index ?? snapshot.index + 1);
  for (const entry of entries) if (entry.index <= snapshot.index) snapshots.note(entry);
  return {
    storage,
    sender,
    writer,
    applyLoop,
    knownPeers,
    notes,
    life,
    proposals,
    barriers,
    changes,
    snapshots,
    disk,
    onStatus,
    onFailure,
  };
}
