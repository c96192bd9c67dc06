import { errorMessage, KeelsonError, type Timer } from '../base/index.ts';
import {
  createRaft,
  highestId,
  type MemberStep,
  membersOf,
  NONE,
  type PeerId,
  type Raft,
  type RaftStatus,
} from '../raft/index.ts';
import { carryOut } from './carry-out.ts';
import { CoreLoop } from './core-loop.ts';
import { HandOver } from './hand-over.ts';
import { initialise, raftOptions } from './initial-state.ts';
import type { Member } from './members.ts';
import { Membership } from './membership.ts';
import { defaultReplicaLimits, type ReplicaLimits, type ReplicaOptions } from './options.ts';
import { beginLife } from './own-life.ts';
import { createParts, type Parts } from './parts.ts';
import { PeerGate } from './peer-gate.ts';
import { stoppedError } from './proposals.ts';
import type { StoreCredential, StoredState } from './storage.ts';
import type { ClusterMember, ReplicaStatus } from './types.ts';
import { VERSION } from './version.ts';

/**
 * Starts a peer of a replicated state machine: fills the state machine from the storage, then takes part. Resolves
 * when the peer runs, which does not mean that a leader is known. Rejects when storage or transport do.
 */
export async function startReplica(options: ReplicaOptions): Promise<ClusterMember> {
  const limits = { ...defaultReplicaLimits, ...options.limits };
  const { storage, identity } = options;
  try {
    const stored = (await storage.load(identity)) ?? (await initialise(options));
    const version = options.version ?? VERSION;
    const replica = new RunningReplica(options, limits, stored, await beginLife(options, stored, version), version);
    await replica.start(stored);
    return replica;
  } catch (error) {
    await Promise.allSettled([options.transport.close(), storage.close()]);
    throw error;
  }
}

/** The host of a Raft core: carries out its effects, in the order and with the guarantees that it asks for. */
class RunningReplica implements ClusterMember {
  readonly id: PeerId;
  readonly failed: Promise<never>;
  readonly #options: ReplicaOptions;
  readonly #limits: ReplicaLimits;
  readonly #version: number;
  readonly #raft: Raft;
  readonly #core: CoreLoop;
  readonly #membership: Membership;
  readonly #parts: Parts;
  readonly #gate: PeerGate;
  readonly #handOver: HandOver;
  readonly #listeners = new Set<(status: ReplicaStatus) => void>();
  readonly #reportFailure: (error: unknown) => void;
  /** A peer of a cluster that never had a leader, and the one whom the others leave the first try. */
  #opensCluster: boolean;
  #ticker: Timer | undefined;
  #stopping: Promise<void> | undefined;
  #stopped: Promise<void> | undefined;

  constructor(
    options: ReplicaOptions,
    limits: ReplicaLimits,
    stored: StoredState,
    credential: StoreCredential,
    version: number,
  ) {
    const { identity, transport, clock, logger, peers } = options;
    const { snapshot, hardState, entries } = stored;
    this.id = identity.peerId;
    this.#options = options;
    this.#limits = limits;
    this.#version = version;
    const failure = Promise.withResolvers<never>();
    this.failed = failure.promise;
    this.failed.catch(() => {});
    this.#reportFailure = failure.reject;
    const onFailure = (error: unknown): void => this.#fail(error);
    const restored = { hardState, snapshot, entries, applied: snapshot.index };
    const raft = createRaft(raftOptions(options, limits), restored);
    this.#raft = options.wrapRaft?.(raft) ?? raft;
    const core = new CoreLoop(this.#raft, (effects) => carryOut(this.#parts, effects), onFailure);
    this.#core = core;
    const context = { raft: this.#raft, core, clock, logger, limits };
    this.#membership = new Membership({ ...context, id: this.id, transport, peers, onRemoved: onFailure });
    this.#parts = createParts({
      options,
      limits,
      stored,
      incarnation: credential.incarnation,
      version,
      raft: this.#raft,
      core,
      onApplied: (index) => this.#onApplied(index),
      onStatus: (status) => this.#onStatus(status),
      onFailure,
    });
    const { writer, disk, snapshots, knownPeers, notes } = this.#parts;
    this.#gate = new PeerGate({
      ...context,
      id: this.id,
      credential,
      knownPeers,
      notes,
      membership: this.#membership,
      snapshots,
      onFailure,
    });
    this.#handOver = new HandOver({
      ...context,
      replica: this,
      membership: this.#membership,
      writingTicks: () => writer.underWayTicks,
      isDiskLow: () => disk?.low ?? false,
    });
    this.#opensCluster = hardState.term === 0 && snapshot.configuration.voters[0] === this.id;
  }

  async start({ snapshot, hardState, entries }: StoredState): Promise<void> {
    const { transport, clock, logger } = this.#options;
    const { storage, applyLoop, disk } = this.#parts;
    const reader = await storage.readSnapshot();
    if (reader !== undefined) await applyLoop.restoreNow(reader);
    const tooOld = this.#tooOld();
    if (tooOld !== undefined) throw tooOld;
    this.#membership.follow(this.#raft.status());
    await disk?.start();
    await transport.start(this.#gate);
    logger.info(
      { peer: this.id, term: hardState.term, snapshot: snapshot.index, entries: entries.length },
      'replica started',
    );
    this.#ticker = clock.setTicker(this.#limits.tickMs, () => this.#tick());
    // A single peer need not wait for anybody's word.
    const { voters } = this.#membership.configuration;
    if (voters.length === 1 && voters[0] === this.id) this.#core.step({ type: 'campaign' });
    // What is known to be committed is applied at once, before any leader is known.
    this.#core.step({ type: 'applied', index: snapshot.index });
  }

  propose(command: unknown): Promise<unknown> {
    const { disk, proposals } = this.#parts;
    return disk?.low ? Promise.reject(disk.error()) : proposals.propose(command);
  }

  readBarrier(): Promise<void> {
    return this.#parts.barriers.wait();
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
    await this.#handOver.transfer(to);
  }

  members(): Member[] {
    return this.#membership.members();
  }

  nextId(): PeerId {
    return highestId(this.#membership.configuration) + 1;
  }

  changeMembership(steps: readonly MemberStep[]): Promise<void> {
    return this.#parts.changes.change(steps);
  }

  stop({ handOver = true } = {}): Promise<void> {
    if (!handOver) return this.#halt();
    this.#stopping ??= (this.#stopped ?? this.#handOver.leave()).then(() => this.#halt());
    return this.#stopping;
  }

  #halt(): Promise<void> {
    this.#stopped ??= this.#shutDown();
    return this.#stopped;
  }

  #tick(): void {
    const { writer, snapshots, proposals, barriers, changes, notes } = this.#parts;
    writer.tick();
    snapshots.tick();
    this.#handOver.tick();
    proposals.tick();
    barriers.tick();
    changes.tick();
    notes.update();
    // Nobody leads a new cluster yet, so nobody is disturbed; all are likely to have started just now.
    this.#core.stepAll(this.#opensCluster ? [{ type: 'tick' }, { type: 'campaign' }] : [{ type: 'tick' }]);
  }

  #onApplied(index: number): void {
    const { barriers, changes, snapshots, life } = this.#parts;
    life.applied()?.catch((error) => this.#fail(error));
    barriers.applied(index);
    changes.applied(index);
    this.#core.step({ type: 'applied', index });
    snapshots.consider();
    const error = this.#tooOld();
    if (error !== undefined) this.#fail(error);
  }

  /** Whether the software of this peer is older than all members' was already. */
  #tooOld(): KeelsonError | undefined {
    const { version } = this.#parts.applyLoop.sessions;
    if (version <= this.#version) return undefined;
    const what = `the cluster's log is of version ${version}, this peer's software knows ${this.#version}: upgrade it`;
    return new KeelsonError('TOO_OLD', what);
  }

  #onStatus(raftStatus: RaftStatus): void {
    const status = this.#statusOf(raftStatus);
    const { role, term, leader } = status;
    this.#membership.follow(raftStatus);
    if (this.#membership.isRemoved(this.id)) this.#parts.changes.removed(this.id);
    this.#options.logger.info({ peer: this.id, role, term, leader }, 'raft status');
    if (leader !== NONE) {
      this.#opensCluster = false;
      // What was sent to another leader, or to nobody, may be lost.
      this.#parts.proposals.resend();
      this.#parts.barriers.retry();
    }
    this.#parts.notes.update();
    for (const listener of this.#listeners) listener(status);
  }

  #statusOf(raftStatus: RaftStatus): ReplicaStatus {
    const { id, role, term, leader, commit, configuration } = raftStatus;
    const { applyLoop, disk } = this.#parts;
    const members = [...membersOf(configuration)].sort((a, b) => a - b);
    const applied = applyLoop.position.index;
    const { version } = applyLoop.sessions;
    return { id, role, term, leader, commit, applied, members, version, ...(disk && { disk: disk.status() }) };
  }

  #fail(error: unknown): void {
    if (this.#stopped !== undefined) return;
    this.#options.logger.error({ peer: this.id, error: errorMessage(error) }, 'replica failed; it stops');
    this.#reportFailure(error);
    void this.#halt();
  }

  async #shutDown(): Promise<void> {
    const { storage, writer, applyLoop, proposals, barriers, changes, disk } = this.#parts;
    this.#core.stop();
    this.#gate.stop();
    this.#ticker?.cancel();
    disk?.stop();
    this.#membership.stop();
    changes.stop();
    proposals.stop();
    barriers.stop();
    applyLoop.stop();
    await writer.stop();
    await this.#options.transport.close();
    await storage.close();
  }
}
