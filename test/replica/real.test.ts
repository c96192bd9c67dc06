import fs from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { errorCode, silentLogger, systemClock, systemRandom } from '../../src/base/index.ts';
import { openLevelStorage, type Replica, startReplica, WsTransport } from '../../src/replica/index.ts';
import { type Authority, createAuthority } from '../support/certificates.ts';
import { AppendList, type Command } from './append-list.ts';
import { recordingLogger } from './ws-harness.ts';

interface Peer {
  id: number;
  port: number;
  machine: AppendList;
  replica: Replica;
  transport: WsTransport;
}

const ids = [1, 2, 3];

/** Three replicas over real sockets and disks. */
class RealCluster {
  readonly #authority: Authority;
  readonly #directory: string;
  readonly peers: Peer[] = [];
  readonly #log = recordingLogger(() => {});
  readonly #lines = this.#log.lines;

  static async start(t: ExecutionContext): Promise<RealCluster> {
    const directory = await fs.mkdtemp(path.join(os.tmpdir(), 'keelson-replica-'));
    const cluster = new RealCluster(await createAuthority(), directory);
    t.teardown(async () => {
      await Promise.all(cluster.peers.map(({ replica }) => replica.stop()));
      await fs.rm(directory, { recursive: true, force: true });
    });
    for (const id of ids) await cluster.boot(id);
    cluster.introduce();
    return cluster;
  }

  constructor(authority: Authority, directory: string) {
    this.#authority = authority;
    this.#directory = directory;
  }

  async boot(id: number, initialMembers = ids): Promise<void> {
    const transport = new WsTransport({
      clusterId: 'real',
      peerId: id,
      listen: { host: '127.0.0.1', port: this.peers[id - 1]?.port ?? 0 },
      tls: await this.#authority.issue(`keelson:peer:${id}`),
      clock: systemClock,
      random: systemRandom,
      logger: this.#log.logger,
    });
    const machine = new AppendList();
    const replica = await startReplica({
      identity: { clusterId: 'real', peerId: id },
      initialMembers,
      storage: await openLevelStorage(this.storeOf(id)),
      transport,
      stateMachine: machine,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      limits: { snapshotBytes: 20_000, keepBytes: 5000, timeoutMs: 60_000 },
    });
    this.peers[id - 1] = { id, port: transport.port, machine, replica, transport };
  }

  /** Why a peer refused another. */
  async refusal(): Promise<string> {
    const find = () => this.#lines.find(({ message }) => message === 'refused a connection');
    while (find() === undefined) await new Promise((resolve) => setTimeout(resolve, 10));
    return String(find()!.fields['reason']);
  }

  storeOf(id: number): string {
    return path.join(this.#directory, String(id));
  }

  introduce(): void {
    const addresses = this.peers.map(({ id, port }) => ({ id, host: '127.0.0.1', port }));
    for (const { transport } of this.peers) transport.setPeers(addresses);
  }
}

test('commands survive restarts of every peer, one after the other, under load', async (t) => {
  const cluster = await RealCluster.start(t);
  const acknowledged: string[] = [];
  let going = true;
  const client = async (author: string): Promise<void> => {
    for (let number = 1; going; number++) {
      const { replica } = cluster.peers[number % 3]!;
      const command: Command = { author: `${author}.${number}`, number: 1 };
      try {
        await replica.propose(command);
        acknowledged.push(`${command.author}#1`);
      } catch (error) {
        if (errorCode(error) !== 'STOPPED') throw error;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    }
  };
  const clients = Array.from({ length: 16 }, (_, i) => client(`client-${i}`));
  for (const id of ids) {
    const target = acknowledged.length + 300;
    while (acknowledged.length < target) await new Promise((resolve) => setTimeout(resolve, 5));
    await cluster.peers[id - 1]!.replica.stop();
    await cluster.boot(id);
    cluster.introduce();
  }
  going = false;
  await Promise.all(clients);
  await Promise.all(cluster.peers.map(({ replica }) => replica.readBarrier()));
  const lists = cluster.peers.map(({ machine }) => machine.list);
  for (const list of lists) {
    t.is(new Set(list).size, list.length, 'applied twice');
    t.deepEqual(
      acknowledged.filter((command) => !list.includes(command)),
      [],
    );
    t.is(list.join(), lists[0]!.join());
  }
});

for (const [what, lose] of [
  ['was removed', (store: string) => fs.rm(store, { recursive: true })],
  ['is an older copy', (store: string) => fs.rename(`${store}.old`, store)],
] as const) {
  test(`a peer whose store ${what} is not let in again, and the others go on`, async (t) => {
    const cluster = await RealCluster.start(t);
    const [one, two] = cluster.peers as [Peer, Peer, Peer];
    await one.replica.propose({ author: 'before', number: 1 });
    await two.replica.stop();
    await fs.cp(cluster.storeOf(2), `${cluster.storeOf(2)}.old`, { recursive: true });
    await cluster.boot(2);
    cluster.introduce();
    await cluster.peers[1]!.replica.propose({ author: 'restarted', number: 1 });
    await cluster.peers[1]!.replica.stop();
    if (what !== 'was removed') await fs.rm(cluster.storeOf(2), { recursive: true });
    await lose(cluster.storeOf(2));
    await cluster.boot(2);
    cluster.introduce();
    await t.throwsAsync(cluster.peers[1]!.replica.failed, { code: 'DATA_LOST' });
    await one.replica.propose({ author: 'after', number: 1 });
    t.deepEqual(one.machine.list, ['before#1', 'restarted#1', 'after#1']);
  });
}

test('peers that were told of different members don’t decide together', async (t) => {
  const cluster = await RealCluster.start(t);
  const [one] = cluster.peers as [Peer, Peer, Peer];
  await one.replica.propose({ author: 'before', number: 1 });
  const [, second] = cluster.peers;
  await second!.replica.stop();
  await fs.rm(cluster.storeOf(2), { recursive: true });
  await cluster.boot(2, [2, 3]);
  cluster.introduce();
  t.regex(await cluster.refusal(), /peers 2 and [13] were told of different members/);
  await one.replica.propose({ author: 'after', number: 1 });
  t.deepEqual(cluster.peers[1]!.machine.list, []);
});
