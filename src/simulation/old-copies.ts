import { type Random, randomInteger } from '../base/index.ts';
import { isJoint, isVoter, type PeerId } from '../raft/index.ts';
import type { MemoryDisk } from '../replica/index.ts';
import type { SimulatedCluster } from './cluster.ts';
import type { SimulatedPeer } from './peer.ts';

/** Till nothing that a peer said before it died is under way any more. */
const SILENCE_MS = 1000;
/** What one side does that the other does not hear of. */
const APART_MS = 1500;
const TRIES = 50;

/**
 * Copies of peers' disks that are put back when the peer has gone on: it then has forgotten what it promised. The worst that
 * can come of it is tried: others that, with the one that forgot, are a majority did not hear of what it took part in last.
 * Only where it can be found out: where nobody lacks the note of its last life. Who does may believe in members as they were
 * long ago, among whom it is a majority with the one that forgot.
 */
export class OldCopies {
  /** How many were put back. */
  count = 0;
  readonly #cluster: SimulatedCluster;
  readonly #random: Random;
  readonly #bootLater: (peer: SimulatedPeer) => void;

  constructor(cluster: SimulatedCluster, random: Random, bootLater: (peer: SimulatedPeer) => void) {
    this.#cluster = cluster;
    this.#random = random;
    this.#bootLater = bootLater;
  }

  /** Copies the disk of a peer, whose life ends with that; it is put back in a later one, if it may be then. */
  take(peer: SimulatedPeer, mayPutBack: () => boolean): void {
    const { loop } = this.#cluster;
    peer.crash();
    const copy = peer.disk.memory.copy();
    peer.boot();
    const isRight = (): boolean => mayPutBack() && this.#isFoundOut(peer, copy);
    let tries = TRIES;
    const tryIt = (): void => {
      tries -= 1;
      if (isRight()) this.#putBack(peer, copy, isRight);
      else if (tries > 0) loop.after(this.#random.next() * 400, tryIt);
    };
    tryIt();
  }

  #putBack(peer: SimulatedPeer, copy: MemoryDisk, isRight: () => boolean): void {
    const { loop, network } = this.#cluster;
    const unaware = this.#drawUnaware(peer.id);
    network.separate(unaware);
    loop.after(this.#random.next() * APART_MS, () => {
      peer.crash();
      loop.after(SILENCE_MS, () => {
        network.separate(new Set());
        if (peer.life.isAlive || !isRight()) return this.#bootLater(peer);
        peer.disk.putBack(copy);
        this.count += 1;
        network.separate(new Set([...unaware, peer.id]));
        peer.boot();
        loop.after((1 + this.#random.next()) * APART_MS, () => network.separate(new Set()));
      });
    });
  }

  /** Just so many voters as are a majority with `peer`. */
  #drawUnaware(peer: PeerId): Set<PeerId> {
    const { voters } = this.#cluster.configuration;
    const others = voters.filter((id) => id !== peer);
    const unaware = new Set<PeerId>();
    while (unaware.size < Math.floor(voters.length / 2)) {
      const [one] = others.splice(randomInteger(this.#random, others.length), 1);
      unaware.add(one!);
    }
    return unaware;
  }

  #isFoundOut(peer: SimulatedPeer, copy: MemoryDisk): boolean {
    const { configuration, peers, lives } = this.#cluster;
    const incarnation = peer.disk.memory.lives.at(-1)!;
    if (incarnation === copy.lives.at(-1) || isJoint(configuration) || !isVoter(configuration, peer.id)) return false;
    const others = [...peers.values()].filter(({ id, isRemoved }) => id !== peer.id && !isRemoved);
    return others.every((other) => lives.isNotedAt(other, peer.id, incarnation));
  }
}
