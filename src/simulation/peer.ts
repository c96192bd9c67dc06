import { AssertionError, errorCode, type Random, silentLogger } from '../base/index.ts';
import { type Input, noMembers, type PeerId, type Raft } from '../raft/index.ts';
import type { ClusterMember, ReplicaLimits, Storage, startReplica, Transport } from '../replica/index.ts';
import type { createStore, LocalStore } from '../store/index.ts';
import type { Lives, StateChecker } from './checks/index.ts';
import type { ControlPlaneSoftware } from './control-plane/index.ts';
import { type Checker, checkPromise, type ObservedPeer, PreVoteChecker, ShadowLog } from './raft/index.ts';
import { type EventLoop, Life, type MachineClock, type MachineDisk, type SimulatedNetwork } from './world/index.ts';

/** The code under test: Keelson's own, or one with a bug planted. */
export interface Software extends ControlPlaneSoftware {
  startReplica: typeof startReplica;
  createStore: typeof createStore;
}

export interface PeerOptions {
  id: PeerId;
  /** Nobody, for one that is to be added. */
  initialMembers: readonly PeerId[];
  software: Software;
  loop: EventLoop;
  network: SimulatedNetwork;
  clock: MachineClock;
  disk: MachineDisk;
  random: Random;
  limits: Partial<ReplicaLimits>;
  reads: 'index' | 'lease';
  raftChecker: Checker;
  stateChecker: StateChecker;
  lives: Lives;
  onUp(peer: SimulatedPeer): void;
  /** It is to end as it should. What it returns is waited for: its store serves until then. Undefined: nothing to wait for. */
  onStopping(peer: SimulatedPeer): Promise<void> | undefined;
  /** It stopped by itself, as it should or should not. */
  onStopped(peer: SimulatedPeer, error: unknown): void;
  onViolation(violation: unknown): void;
}

/** A whole peer (Raft, replica, store) on a simulated machine, with the checkers looking on. */
export class SimulatedPeer implements ObservedPeer {
  readonly id: PeerId;
  readonly disk: MachineDisk;
  readonly clock: MachineClock;
  log = new ShadowLog({ index: 0, term: 0, configuration: noMembers }, []);
  life = new Life('none');
  replica: ClusterMember | undefined;
  /** Present while it is up. */
  store: LocalStore | undefined;
  /** It found that it is no member any more. */
  isRemoved = false;
  /** It was told that its disk holds an older copy. */
  isDisowned = false;
  readonly #options: PeerOptions;
  #lives = 0;
  /** As its core has it now. */
  #term = 0;

  constructor(options: PeerOptions) {
    this.#options = options;
    this.id = options.id;
    this.disk = options.disk;
    this.clock = options.clock;
    this.life.end();
  }

  get name(): string {
    return this.life.name;
  }

  get isUp(): boolean {
    return this.store !== undefined;
  }

  get durableTerm(): number {
    return this.disk.memory.hardState.term;
  }

  get durableVote(): PeerId {
    return this.disk.memory.hardState.vote;
  }

  get durableSnapshot(): number {
    return this.disk.memory.snapshot?.position.index ?? 0;
  }

  durableTermAt(index: number): number | undefined {
    const { entries, firstIndex } = this.disk.memory;
    return entries[index - firstIndex]?.term;
  }

  boot(): void {
    if (this.life.isAlive || this.isRemoved || this.isDisowned) return;
    this.#lives += 1;
    const life = new Life(`peer ${this.id}.${this.#lives}`);
    this.life = life;
    this.#start(life).catch((error) => {
      if (life.isAlive) this.#stopped(error);
    });
  }

  async #start(life: Life): Promise<void> {
    const { software, network, initialMembers, limits, reads, stateChecker, random } = this.#options;
    const clock = this.clock.for(life);
    const { stateMachine, attach } = software.createStore({ clock });
    const replica = await software.startReplica({
      identity: { clusterId: 'simulation', peerId: this.id },
      initialMembers,
      storage: this.#openStorage(life),
      transport: this.#listen(network.transport(this.id, life), life),
      stateMachine: stateChecker.observe(stateMachine, life.name),
      clock,
      random,
      logger: silentLogger,
      limits,
      reads,
      wrapRaft: (core) => this.#observe(core),
    });
    if (!life.isAlive) return;
    replica.failed.catch((error) => {
      if (life.isAlive) this.#stopped(error);
    });
    this.replica = replica;
    this.store = attach(replica);
    this.#options.onUp(this);
  }

  /** The process dies, in the middle of whatever it was doing. */
  crash(): void {
    if (!this.life.isAlive) return;
    this.life.end();
    this.disk.memory.owner = undefined;
    // Only so that whoever waits for it gives up: what it still does reaches nobody.
    void this.replica?.stop({ handOver: false });
    void this.store?.close();
    this.replica = undefined;
    this.store = undefined;
  }

  /** It ends as it should: hands over, finishes its writes. */
  async stop(): Promise<void> {
    const { life, replica, store } = this;
    if (replica === undefined || store === undefined) return;
    await new Promise<void>((resolve) =>
      life.do(() => {
        this.store = undefined;
        const end = (): void => void Promise.all([store.close(), replica.stop()]).then(() => resolve());
        const parting = this.#options.onStopping(this);
        if (parting === undefined) end();
        else void parting.then(end);
      }, resolve),
    );
    if (this.life === life) this.crash();
  }

  /** Calls the store within the process. Rejects when the process dies before. */
  call<T>(action: (store: LocalStore, replica: ClusterMember) => Promise<T>): Promise<T> {
    const { life, store, replica } = this;
    return new Promise((resolve, reject) => {
      const isDown = (): void => reject(new Error('the peer is down'));
      if (store === undefined || replica === undefined) isDown();
      else life.do(() => action(store, replica).then(resolve, reject), isDown);
    });
  }

  #stopped(error: unknown): void {
    const { onStopped, onViolation } = this.#options;
    this.crash();
    if (errorCode(error) === 'REMOVED') this.isRemoved = true;
    else if (errorCode(error) === 'DATA_LOST' && this.disk.isOld) this.isDisowned = true;
    else if (errorCode(error) !== 'DATA_CORRUPT') onViolation(error ?? new AssertionError('a peer failed'));
    onStopped(this, error);
  }

  #openStorage(life: Life): Storage {
    const storage = this.disk.open(life, () => {
      this.crash();
      this.#options.onStopped(this, undefined);
    });
    const load = storage.load.bind(storage);
    const initialise = storage.initialise.bind(storage);
    storage.load = async (identity) => {
      const stored = await load(identity);
      if (stored !== undefined) this.log = new ShadowLog(stored.snapshot, stored.entries);
      return stored;
    };
    storage.initialise = async (identity, store, position) => {
      await initialise(identity, store, position);
      this.log = new ShadowLog(position, []);
    };
    return storage;
  }

  /** Looks at what the peer says. */
  #listen(transport: Transport, life: Life): Transport {
    const send = transport.send.bind(transport);
    transport.send = (messages) => {
      try {
        if (life.isAlive) for (const message of messages) checkPromise(this, this.#term, message);
      } catch (violation) {
        this.#options.onViolation(violation);
      }
      send(messages);
    };
    return transport;
  }

  #observe(core: Raft): Raft {
    const { raftChecker, lives, onViolation } = this.#options;
    const { life } = this;
    const preVotes = new PreVoteChecker();
    const stepAll = (inputs: readonly Input[]): ReturnType<Raft['stepAll']> => {
      const before = core.status();
      const effects = core.stepAll(inputs);
      // What a dead process still does is no concern of anybody.
      if (!life.isAlive) return effects;
      try {
        const after = core.status();
        this.#term = after.term;
        if (effects.snapshot) this.log.reset(effects.snapshot);
        this.log.write(effects.entries);
        raftChecker.observe(this, before, after, effects);
        preVotes.observe(inputs, before, after, effects);
        for (const entry of effects.committed) {
          raftChecker.applied(this, entry, 0);
          lives.committed(entry);
        }
      } catch (violation) {
        onViolation(violation);
      }
      return effects;
    };
    return { step: (input) => stepAll([input]), stepAll, status: () => core.status(), progress: () => core.progress() };
  }
}
