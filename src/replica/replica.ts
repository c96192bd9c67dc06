import { errorMessage, KeelsonError, type Logger, type Timer } from '../base/index.ts';
import {
  createRaft,
  type Effects,
  highestId,
  type Input,
  type MemberStep,
  type Message,
  NONE,
  type PeerId,
  type Raft,
  type RaftStatus,
} from '../raft/index.ts';
import { ApplyLoop } from './apply-loop.ts';
import type { Batch } from './batch.ts';
import { DiskReserve } from './disk-reserve.ts';
import { initialise, raftOptions } from './initial-state.ts';
import { KnownPeers } from './known-peers.ts';
import { LogWriter, type Written } from './log-writer.ts';
import type { Member } from './members.ts';
import { Membership } from './membership.ts';
import { MembershipChanges } from './membership-changes.ts';
import { MessageSender } from './message-sender.ts';
import { defaultReplicaLimits, type ReplicaLimits, type ReplicaOptions } from './options.ts';
import { Proposals, stoppedError } from './proposals.ts';
import { ReadBarriers } from './read-barriers.ts';
import { Snapshots } from './snapshots.ts';
import type { SnapshotStream, Storage, StoreCredential, StoredState } from './storage.ts';
import { transferLeadership } from './transfer.ts';
import type { Admission, SnapshotMessage, Transport, TransportHandler } from './transport.ts';
import type { ClusterMember, ReplicaStatus } from './types.ts';

/**
 * Starts a peer of a replicated state machine: fills the state machine from the storage, then takes part. Resolves
 * when the peer runs, which does not mean that a leader is known. Rejects when storage or transport do.
 */
export async function startReplica(options: ReplicaOptions): Promise<ClusterMember> {
  const limits = { ...defaultReplicaLimits, ...options.limits };
  const { storage, identity } = options;
  try {
    const stored = (await storage.load(identity)) ?? (await initialise(options));
    // The time, so that a peer whose data was removed does not count anew from where others saw it before.
    const incarnation = await storage.nextIncarnation(Math.max(1, options.clock.now()));
    const replica = new RunningReplica(options, limits, stored, incarnation);
    await replica.start(stored);
    return replica;
  } catch (error) {
    await Promise.allSettled([options.transport.close(), storage.close()]);
    throw error;
  }
}

/** A peer that leads without room for it gives leadership away again after so long. */
const ROOMIER_AGAIN_MS = 10_000;

/** The host of a Raft core: carries out its effects, in the order and with the guarantees that it asks for. */
class RunningReplica implements ClusterMember, TransportHandler {
  readonly id: PeerId;
  readonly failed: Promise<never>;
  readonly #limits: ReplicaLimits;
  readonly #logger: Logger;
  readonly #storage: Storage;
  readonly #transport: Transport;
  readonly #sender: MessageSender;
  readonly credential: StoreCredential;
  readonly #knownPeers: KnownPeers;
  readonly #raft: Raft;
  readonly #writer: LogWriter;
  readonly #applyLoop: ApplyLoop;
  readonly #proposals: Proposals;
  readonly #barriers: ReadBarriers;
  readonly #changes: MembershipChanges;
  readonly #membership: Membership;
  readonly #snapshots: Snapshots;
  readonly #disk: DiskReserve | undefined;
  readonly #listeners = new Set<(status: ReplicaStatus) => void>();
  readonly #clock: ReplicaOptions['clock'];
  readonly #reportFailure: (error: unknown) => void;
  /** A peer of a cluster that never had a leader, and the one whom the others leave the first try. */
  #opensCluster: boolean;
  #inputs: Input[] = [];
  #stepping = false;
  /** Ticks until leadership is given away again for want of space. */
  #handOverIn = 0;
  /** Whom it was given to last, for that reason. */
  #lastHeir: PeerId = NONE;
  #ticker: Timer | undefined;
  #stopping: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: ReplicaOptions, limits: ReplicaLimits, stored: StoredState, incarnation: number) {
    const { identity, storage, transport, stateMachine, clock, random, logger } = options;
    const { snapshot, hardState, entries } = stored;
    this.id = identity.peerId;
    this.#limits = limits;
    this.#logger = logger;
    this.#storage = storage;
    this.#transport = transport;
    this.#sender = new MessageSender(transport);
    this.#clock = clock;
    this.credential = {
      store: stored.store,
      founders: stored.founders,
      incarnation,
      previous: stored.incarnation,
    };
    this.#knownPeers = new KnownPeers(stored, storage, logger);
    const failure = Promise.withResolvers<never>();
    this.failed = failure.promise;
    this.failed.catch(() => {});
    this.#reportFailure = failure.reject;
    const restored = { hardState, snapshot, entries, applied: snapshot.index };
    const core = createRaft(raftOptions(options, limits), restored);
    this.#raft = options.wrapRaft?.(core) ?? core;
    const onFailure = (error: unknown): void => this.#fail(error);
    const { peers } = options;
    const raft = this.#raft;
    this.#membership = new Membership({ id: this.id, raft, transport, clock, logger, peers, onRemoved: onFailure });
    this.#writer = new LogWriter(storage, (written) => this.#onWritten(written), onFailure);
    const origin = { index: 0, term: 0, configuration: snapshot.configuration };
    this.#applyLoop = new ApplyLoop(stateMachine, limits.applyPerTurn, origin, {
      onEntry: (entry) => this.#snapshots.note(entry),
      onBatch: (batch, results) => {
        if (this.#isMine(batch)) this.#proposals.applied(batch.sequence, results);
      },
      onGap: (batch) => {
        if (this.#isMine(batch)) this.#proposals.gap();
      },
      onApplied: (index) => this.#onApplied(index),
      onRestored: ({ index }) => {
        this.#proposals.skipTo(this.#applyLoop.sessions.lastSequence(this.id, incarnation));
        this.#onApplied(index);
      },
      onFailure,
    });
    this.#proposals = new Proposals({ origin: this.id, incarnation }, limits, (data) => {
      this.#step({ type: 'propose', data });
    });
    const timeoutTicks = Math.ceil(limits.timeoutMs / limits.tickMs) + 1;
    this.#barriers = new ReadBarriers(timeoutTicks, (id) => {
      this.#step({ type: 'read-index', id });
    });
    this.#changes = new MembershipChanges(Math.floor(random.next() * 2 ** 32) * 2 ** 20, timeoutTicks, (id, steps) => {
      this.#step({ type: 'change-membership', id, steps });
    });
    this.#disk = options.disk && new DiskReserve(options.disk, clock, logger);
    this.#snapshots = new Snapshots(
      {
        storage,
        transport,
        writer: this.#writer,
        applyLoop: this.#applyLoop,
        logger,
        limits,
        hasRoomFor: (bytes) => this.#disk?.hasRoomFor(bytes) ?? true,
        step: (input) => this.#step(input),
        onFailure,
      },
      snapshot,
      entries[0]?.index ?? snapshot.index + 1,
    );
    for (const entry of entries) if (entry.index <= snapshot.index) this.#snapshots.note(entry);
    this.#opensCluster = hardState.term === 0 && snapshot.configuration.voters[0] === this.id;
  }

  async start({ snapshot, hardState, entries }: StoredState): Promise<void> {
    const reader = await this.#storage.readSnapshot();
    if (reader !== undefined) await this.#applyLoop.restoreNow(reader);
    this.#membership.follow(this.#raft.status());
    await this.#disk?.start();
    await this.#transport.start(this);
    this.#logger.info(
      { peer: this.id, term: hardState.term, snapshot: snapshot.index, entries: entries.length },
      'replica started',
    );
    this.#ticker = this.#clock.setTicker(this.#limits.tickMs, () => this.#tick());
    // A single peer need not wait for anybody's word.
    const { voters } = this.#membership.configuration;
    if (voters.length === 1 && voters[0] === this.id) this.#step({ type: 'campaign' });
    // What is known to be committed is applied at once, before any leader is known.
    this.#step({ type: 'applied', index: snapshot.index });
  }

  propose(command: unknown): Promise<unknown> {
    if (this.#disk?.low) return Promise.reject(this.#disk.error());
    return this.#proposals.propose(command);
  }

  readBarrier(): Promise<void> {
    return this.#barriers.wait();
  }

  status(): ReplicaStatus {
    return this.#statusOf(this.#raft.status());
  }

  onStatus(listener: (status: ReplicaStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async transferLeadership(to?: PeerId): Promise<void> {
    if (this.#stopped !== undefined) throw stoppedError();
    await this.#transfer(to, 2 * this.#limits.electionTicks * this.#limits.tickMs);
  }

  async #transfer(to: PeerId | undefined, timeoutMs: number): Promise<void> {
    await transferLeadership({
      replica: this,
      to,
      progress: this.#raft.progress(),
      configuration: this.#membership.configuration,
      clock: this.#clock,
      timeoutMs,
      start: (peer) => this.#step({ type: 'transfer-leadership', to: peer }),
    });
  }

  members(): Member[] {
    return this.#membership.members();
  }

  nextId(): PeerId {
    return highestId(this.#membership.configuration) + 1;
  }

  changeMembership(steps: readonly MemberStep[]): Promise<void> {
    return this.#changes.change(steps);
  }

  stop({ handOver = true } = {}): Promise<void> {
    if (!handOver) return this.#halt();
    this.#stopping ??= this.#handOver().then(() => this.#halt());
    return this.#stopping;
  }

  /** A new leader at once, instead of an election timeout without one. */
  async #handOver(to?: PeerId): Promise<void> {
    if (this.#stopped !== undefined || this.#raft.status().role !== 'leader') return;
    await this.#transfer(to, this.#limits.electionTicks * this.#limits.tickMs).catch((error) => {
      this.#logger.info({ peer: this.id, reason: errorMessage(error) }, 'leadership was not handed over');
    });
  }

  #halt(): Promise<void> {
    this.#stopped ??= this.#shutDown();
    return this.#stopped;
  }

  onMessages(messages: readonly Message[]): void {
    for (const message of messages) this.#inputs.push({ type: 'message', message });
    this.#run();
  }

  onSnapshot(message: SnapshotMessage, stream: SnapshotStream): Promise<void> {
    if (this.#stopped !== undefined) return Promise.reject(stoppedError());
    return this.#snapshots.receive(message, stream, this.#raft.status().commit);
  }

  async admit(peer: PeerId, credential: StoreCredential): Promise<Admission> {
    if (this.#stopped !== undefined) throw stoppedError();
    return await this.#knownPeers.admit(peer, credential);
  }

  onDisowned(peer: PeerId): void {
    this.#fail(
      new KeelsonError(
        'DATA_LOST',
        `peer ${peer} knows peer ${this.id} with another or a newer store: one that forgot what it promised could undo acknowledged writes; put its latest store back, or replace it ("keelson member remove ${this.id}", "keelson member add")`,
      ),
    );
  }

  isRemoved(peer: PeerId): boolean {
    return this.#membership.isRemoved(peer);
  }

  onRemoved(_peer: PeerId): void {
    this.#membership.leave();
  }

  onUnreachable(peer: PeerId): void {
    this.#step({ type: 'unreachable', peer });
  }

  /** A leader whose disk stands still acknowledges only what all others do, and can't be one of a majority of two. */
  #leaveToOthers(): void {
    const { electionTicks } = this.#limits;
    const ticks = this.#writer.underWayTicks;
    // Tried again after as long, as nobody may have been fit to take over.
    if (ticks === 0 || ticks % electionTicks !== 0 || this.#raft.status().role !== 'leader') return;
    this.#logger.warn(
      { peer: this.id, ms: ticks * this.#limits.tickMs },
      'the disk stands still: leadership is handed over',
    );
    void this.#handOver();
  }

  /** A leader's disk takes all writes first. Nobody knows whose has room, so it may come to several in turn, slowly. */
  #leaveToRoomier(): void {
    if (this.#handOverIn > 0) this.#handOverIn -= 1;
    if (!this.#disk?.low || this.#handOverIn > 0 || this.#raft.status().role !== 'leader') return;
    this.#handOverIn = Math.ceil(ROOMIER_AGAIN_MS / this.#limits.tickMs);
    const { voters } = this.#membership.configuration;
    const after = this.#lastHeir || this.id;
    // Each in turn, as the nearest one, which may be as full, would be the same each time.
    const others = voters.filter((id) => id !== this.id).sort((a, b) => a - b);
    const heir = others.find((id) => id > after) ?? others[0];
    if (heir === undefined) return;
    this.#lastHeir = heir;
    this.#logger.warn({ peer: this.id, to: heir }, 'the disk is nearly full: leadership is handed over');
    void this.#handOver(heir);
  }

  #tick(): void {
    this.#writer.tick();
    this.#snapshots.tick();
    this.#leaveToOthers();
    this.#leaveToRoomier();
    this.#proposals.tick();
    this.#barriers.tick();
    this.#changes.tick();
    this.#inputs.push({ type: 'tick' });
    // Nobody leads a new cluster yet, so nobody is disturbed; all are likely to have started just now.
    if (this.#opensCluster) this.#inputs.push({ type: 'campaign' });
    this.#run();
  }

  #step(input: Input): void {
    this.#inputs.push(input);
    this.#run();
  }

  /** Steps the core until there is no input left; what effects bring about meanwhile waits for its turn. */
  #run(): void {
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      while (this.#inputs.length > 0 && this.#stopped === undefined) {
        const inputs = this.#inputs;
        this.#inputs = [];
        this.#carryOut(this.#raft.stepAll(inputs));
      }
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#stepping = false;
    }
  }

  #carryOut(effects: Effects): void {
    const { messages, committed, reads, readsFailed, changes, rejected, snapshotsToSend, status } = effects;
    if (messages.length > 0) this.#sender.send(messages);
    this.#write(effects);
    if (committed.length > 0) this.#applyLoop.push(committed);
    for (const { id, index } of reads) this.#barriers.answered(id, index);
    for (const id of readsFailed) this.#barriers.failed(id);
    for (const { id, answer } of changes) this.#changes.answered(id, answer);
    if (rejected !== undefined) this.#proposals.refused();
    for (const message of snapshotsToSend) {
      this.#snapshots.send(message).catch((error) => this.#fail(error));
    }
    if (status !== undefined) this.#onStatus(status);
  }

  #write({ hardState, entries, snapshot, messagesAfterPersist }: Effects): void {
    if (this.#disk !== undefined) for (const { data } of entries) this.#disk.wrote(data.length);
    if (snapshot !== undefined) {
      const { staged, onDurable } = this.#snapshots.takeOver(snapshot);
      this.#writer.push({
        hardState,
        entries,
        snapshot: staged,
        replaceLog: true,
        messages: messagesAfterPersist,
        onDurable,
      });
      const durable = new Promise<void>((resolve) => this.#writer.push({ onDurable: resolve }));
      this.#applyLoop.restore(() => durable.then(() => this.#storage.readSnapshot()));
    } else if (hardState !== undefined || messagesAfterPersist.length > 0) {
      this.#writer.push({ hardState, entries, messages: messagesAfterPersist });
    }
  }

  #onWritten({ messages, last }: Written): void {
    if (messages.length > 0) this.#sender.send(messages);
    if (last !== undefined) this.#step({ type: 'persisted', index: last.index, term: last.term });
  }

  #onApplied(index: number): void {
    this.#barriers.applied(index);
    this.#changes.applied(index);
    this.#step({ type: 'applied', index });
    this.#snapshots.consider();
  }

  #onStatus(raftStatus: RaftStatus): void {
    const status = this.#statusOf(raftStatus);
    const { role, term, leader } = status;
    this.#membership.follow(raftStatus);
    if (this.isRemoved(this.id)) this.#changes.removed(this.id);
    this.#logger.info({ peer: this.id, role, term, leader }, 'raft status');
    if (leader !== NONE) {
      this.#opensCluster = false;
      // What was sent to another leader, or to nobody, may be lost.
      this.#proposals.resend();
      this.#barriers.retry();
    }
    for (const listener of this.#listeners) listener(status);
  }

  #statusOf({ id, role, term, leader, commit, configuration }: RaftStatus): ReplicaStatus {
    const { voters, votersOutgoing, learners } = configuration;
    const members = [...new Set([...voters, ...votersOutgoing, ...learners])].sort((a, b) => a - b);
    const disk = this.#disk?.status();
    const applied = this.#applyLoop.position.index;
    return { id, role, term, leader, commit, applied, members, ...(disk === undefined ? {} : { disk }) };
  }

  #isMine({ origin, incarnation }: Batch): boolean {
    return origin === this.id && incarnation === this.credential.incarnation;
  }

  #fail(error: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#logger.error({ peer: this.id, error: errorMessage(error) }, 'replica failed; it stops');
    this.#reportFailure(error);
    void this.#halt();
  }

  async #shutDown(): Promise<void> {
    this.#ticker?.cancel();
    this.#disk?.stop();
    this.#membership.stop();
    this.#changes.stop();
    this.#proposals.stop();
    this.#barriers.stop();
    this.#applyLoop.stop();
    await this.#writer.stop();
    await this.#transport.close();
    await this.#storage.close();
  }
}
