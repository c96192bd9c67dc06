import { KeelsonError } from '../base/index.ts';
import type { Message, PeerId, Raft } from '../raft/index.ts';
import type { CoreLoop } from './core-loop.ts';
import type { KnownPeers } from './known-peers.ts';
import type { LeaderNotes } from './leader-notes.ts';
import type { Membership } from './membership.ts';
import { stoppedError } from './proposals.ts';
import type { Snapshots } from './snapshots.ts';
import type { SnapshotStream, StoreCredential } from './storage.ts';
import type { Admission, SnapshotMessage, TransportHandler } from './transport.ts';

export interface PeerGateContext {
  id: PeerId;
  credential: StoreCredential;
  knownPeers: KnownPeers;
  notes: LeaderNotes;
  membership: Membership;
  snapshots: Snapshots;
  raft: Raft;
  core: CoreLoop;
  onFailure(error: unknown): void;
}

/** Where other peers come in: who is listened to, and where goes what they say. */
export class PeerGate implements TransportHandler {
  readonly #context: PeerGateContext;
  #stopped = false;

  constructor(context: PeerGateContext) {
    this.#context = context;
  }

  get credential(): StoreCredential {
    return this.#context.credential;
  }

  stop(): void {
    this.#stopped = true;
  }

  onMessages(messages: readonly Message[]): void {
    this.#context.core.stepAll(messages.map((message) => ({ type: 'message', message })));
  }

  onSnapshot(message: SnapshotMessage, stream: SnapshotStream): Promise<void> {
    const { snapshots, raft } = this.#context;
    if (this.#stopped) return Promise.reject(stoppedError());
    return snapshots.receive(message, stream, raft.status().commit);
  }

  async admit(peer: PeerId, credential: StoreCredential): Promise<Admission> {
    if (this.#stopped) throw stoppedError();
    const { knownPeers, notes } = this.#context;
    const admission = await knownPeers.admit(peer, credential);
    // Before anything counts that it says.
    if (admission === 'admitted' && !this.#stopped) notes.update();
    return admission;
  }

  onDisowned(peer: PeerId): void {
    const { id, onFailure } = this.#context;
    onFailure(
      new KeelsonError(
        'DATA_LOST',
        `peer ${peer} knows peer ${id} with another or a newer store: one that forgot what it promised could undo acknowledged writes; put its latest store back, or replace it ("keelson member remove ${id}", "keelson member add")`,
      ),
    );
  }

  isRemoved(peer: PeerId): boolean {
    return this.#context.membership.isRemoved(peer);
  }

  onRemoved(_peer: PeerId): void {
    this.#context.membership.leave();
  }

  onUnreachable(peer: PeerId): void {
    this.#context.core.step({ type: 'unreachable', peer });
  }
}
