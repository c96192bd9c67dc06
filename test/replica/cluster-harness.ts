import { type Random, randomInteger, seededRandom, silentLogger } from '../../src/base/index.ts';
import type { Message } from '../../src/raft/index.ts';
import {
  type ClusterMember,
  MemoryDisk,
  MemoryNetwork,
  openMemoryStorage,
  type ReplicaLimits,
  type Storage,
  startReplica,
  type Transport,
  VERSION,
} from '../../src/replica/index.ts';
import { FakeClock, settle } from '../support/fake-clock.ts';
import { AppendList, type Command } from './append-list.ts';

export interface Faults {
  drop: number;
  repeat: number;
  /** Share of messages that take up to `delayMs`: others overtake them. */
  delay: number;
  delayMs: number;
}

export const noFaults: Faults = { drop: 0, repeat: 0, delay: 0, delayMs: 0 };

export interface Member {
  id: number;
  disk: MemoryDisk;
  /** Undefined while it is down. */
  replica: ClusterMember | undefined;
  machine: AppendList;
  life: number;
  proposed: number;
}

export interface ClusterOptions {
  seed: number;
  peers?: number;
  /** How many of them are the cluster at first; the rest wait to be added. Default: all. */
  founders?: number;
  reads?: 'index' | 'lease';
  limits?: Partial<ReplicaLimits>;
  /** Wraps the transport of each start. */
  wrapTransport?: (transport: Transport) => Transport;
  /** Free space on a member's disk; reserve 1000. */
  free?: (id: number) => Promise<number>;
  /** Of a member's software. Default: what it is. */
  version?: (id: number) => number;
  openStorage?: (member: Member) => Promise<Storage>;
}

/** Replicas in one process, on a clock that the test winds, a network that the test breaks and disks that crash. */
export class Cluster {
  readonly clock = new FakeClock();
  readonly network = new MemoryNetwork();
  readonly random: Random;
  readonly members: Member[];
  /** Acknowledged commands, with the place in the list that the acknowledgement told. */
  readonly acknowledged = new Map<string, number>();
  readonly errors: unknown[] = [];
  faults = noFaults;
  /** Pairs that don't hear each other, as `from>to`. */
  readonly cut = new Set<string>();
  readonly #options: ClusterOptions;

  constructor(options: ClusterOptions) {
    this.#options = options;
    this.random = seededRandom(options.seed);
    this.members = Array.from({ length: options.peers ?? 3 }, (_, i) => ({
      id: i + 1,
      disk: new MemoryDisk(),
      replica: undefined,
      machine: new AppendList(),
      life: 0,
      proposed: 0,
    }));
    this.network.reaches = (from, to) => !this.cut.has(`${from}>${to}`);
    this.network.route = (message, deliver) => this.#route(message, deliver);
  }

  static async start(options: ClusterOptions): Promise<Cluster> {
    const cluster = new Cluster(options);
    for (const member of cluster.members) await cluster.boot(member.id);
    return cluster;
  }

  get #founders(): number {
    return this.#options.founders ?? this.members.length;
  }

  member(id: number): Member {
    return this.members[id - 1]!;
  }

  get live(): Member[] {
    return this.members.filter(({ replica }) => replica !== undefined);
  }

  get leader(): Member | undefined {
    const leaders = this.live.filter(({ replica }) => replica!.status().role === 'leader');
    return leaders.sort((a, b) => b.replica!.status().term - a.replica!.status().term)[0];
  }

  /** Starts a member; winds the clock meanwhile. */
  boot(id: number): Promise<ClusterMember> {
    return this.settled(this.#boot(id));
  }

  /** Winds the clock until a promise is settled. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let done = false;
    const finish = (): void => {
      done = true;
    };
    promise.then(finish, finish);
    await this.until(() => done, 'a promise settles');
    return promise;
  }

  async #boot(id: number): Promise<ClusterMember> {
    const member = this.member(id);
    member.life += 1;
    member.proposed = 0;
    member.machine = new AppendList();
    const transport = this.network.transport(id);
    const { free } = this.#options;
    member.replica = await startReplica({
      identity: { clusterId: 'test', peerId: id },
      initialMembers: id > this.#founders ? [] : this.members.slice(0, this.#founders).map((each) => each.id),
      storage: (await this.#options.openStorage?.(member)) ?? this.#openMemory(member),
      transport: this.#options.wrapTransport?.(transport) ?? transport,
      stateMachine: member.machine,
      clock: this.clock,
      random: this.random,
      logger: silentLogger,
      limits: this.#options.limits ?? {},
      ...(free === undefined ? {} : { disk: { free: () => free(id), reserve: 1000 } }),
      reads: this.#options.reads ?? 'index',
      version: this.#options.version?.(id) ?? VERSION,
    });
    member.replica.failed.catch((error) => this.errors.push(error));
    return member.replica;
  }

  /** Everything not durable is gone, in the middle of whatever it was doing. */
  crash(id: number): void {
    const member = this.member(id);
    member.disk.owner = undefined;
    void member.replica?.stop({ handOver: false });
    member.replica = undefined;
  }

  /** Proposes the member's next command; notes its acknowledgement. Never rejects. */
  async propose(id: number): Promise<'acknowledged' | 'unknown'> {
    const member = this.member(id);
    member.proposed += 1;
    const command: Command = { author: `${id}.${member.life}`, number: member.proposed };
    try {
      const place = (await member.replica!.propose(command)) as number;
      this.acknowledged.set(`${command.author}#${command.number}`, place);
      return 'acknowledged';
    } catch {
      return 'unknown';
    }
  }

  /** Reads at a member; returns what is missing of all that was acknowledged before. */
  async read(id: number): Promise<string[]> {
    const before = [...this.acknowledged.keys()];
    const { machine, replica } = this.member(id);
    try {
      await replica!.readBarrier();
    } catch {
      return [];
    }
    const seen = new Set(machine.list);
    return before.filter((command) => !seen.has(command));
  }

  isolate(id: number): void {
    for (const other of this.members) {
      this.cut.add(`${id}>${other.id}`);
      this.cut.add(`${other.id}>${id}`);
    }
  }

  heal(): void {
    this.cut.clear();
    this.faults = noFaults;
  }

  /** Winds the clock until something holds. */
  async until(condition: () => boolean, what: string, maxMs = 60_000): Promise<void> {
    for (let passed = 0; passed < maxMs; passed += 10) {
      if (condition()) return;
      await this.clock.advance(10);
    }
    const states = this.members.map(({ replica }) => JSON.stringify(replica?.status()));
    throw new Error(`seed ${this.#options.seed}: not within ${maxMs} ms: ${what}\n${states.join('\n')}`);
  }

  /** Until a leader is known to all live members. */
  async untilLed(): Promise<Member> {
    await this.until(() => {
      const leader = this.leader?.id;
      return leader !== undefined && this.live.every(({ replica }) => replica!.status().leader === leader);
    }, 'all know one leader');
    return this.leader!;
  }

  /** Until somebody leads, and the rest but `deaf` know. */
  async untilLedByOthers(deaf: number): Promise<Member> {
    const hearing = this.live.filter(({ id }) => id !== deaf);
    await this.until(() => {
      const leaders = new Set(hearing.map(({ replica }) => replica!.status().leader));
      return leaders.size === 1 && !leaders.has(0) && !leaders.has(deaf);
    }, 'the others know one leader');
    return this.member(hearing[0]!.replica!.status().leader);
  }

  /** Until all live members have applied the same, and nothing is under way. */
  async untilEqual(): Promise<void> {
    await this.until(() => {
      const [first, ...others] = this.live.map(({ replica }) => replica!.status());
      return (
        first!.leader !== 0 &&
        [first!, ...others].every(({ applied, commit }) => applied === first!.commit && commit === first!.commit)
      );
    }, 'all have applied the same');
  }

  /** What the promises of Replica come to: returns violations. */
  violations(): string[] {
    const found: string[] = [];
    const [first, ...others] = this.live.map(({ machine }) => machine.list);
    for (const list of others) if (list.join() !== first!.join()) found.push('two peers hold different lists');
    if (new Set(first).size !== first!.length) found.push('a command was applied twice');
    const last = new Map<string, number>();
    for (const command of first!) {
      const [author, number] = command.split('#') as [string, string];
      if (Number(number) <= (last.get(author) ?? 0)) found.push(`${command} came after a later one of its author`);
      last.set(author, Number(number));
    }
    for (const [command, place] of this.acknowledged) {
      if (first![place - 1] !== command) found.push(`${command} was acknowledged at ${place} but is not there`);
    }
    return found;
  }

  async stop(): Promise<void> {
    await this.settled(Promise.all(this.live.map(({ replica }) => replica!.stop({ handOver: false }))));
    await settle();
  }

  #openMemory(member: Member): Storage {
    return openMemoryStorage(member.disk, {
      beforeSync: () => new Promise((resolve) => this.clock.setTimer(randomInteger(this.random, 4), resolve)),
    });
  }

  #route({ from, to }: Message, deliver: () => void): void {
    const { drop, repeat, delay, delayMs } = this.faults;
    if (this.cut.has(`${from}>${to}`) || this.random.next() < drop) return;
    const copies = this.random.next() < repeat ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      if (this.random.next() >= delay) deliver();
      else this.clock.setTimer(1 + randomInteger(this.random, delayMs), deliver);
    }
  }
}
