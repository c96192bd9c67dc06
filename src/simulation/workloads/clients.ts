import { errorCode, type Random, randomInteger } from '../../base/index.ts';
import type { SimulatedCluster } from '../cluster.ts';
import type { SimulatedPeer } from '../peer.ts';
import { JudgedObject } from './judged-object.ts';
import { workloads } from './objects.ts';

/** Rejections after which it is certain that nothing was done. */
const WITHOUT_EFFECT = new Set(['OVERLOADED', 'TOO_LARGE', 'INVALID']);

/** Clients of objects whose histories are judged: when an object is full and quiet, and the rest at the end. */
export class ObjectClients {
  readonly counts = { answered: 0, unanswered: 0, judged: 0, undecided: 0 };
  readonly #cluster: SimulatedCluster;
  readonly #random: Random;
  readonly #objects: JudgedObject[];
  readonly #retired = new Set<JudgedObject>();
  #made = 0;
  #busy = 0;

  constructor(cluster: SimulatedCluster) {
    this.#cluster = cluster;
    this.#random = cluster.fork();
    this.#objects = workloads.map((_, kind) => this.#newObject(kind));
    for (let client = 1; client <= cluster.weather.clients; client++) {
      this.#busy += 1;
      this.#live(client, cluster.fork()).then(
        () => {
          this.#busy -= 1;
        },
        (error) => cluster.fail(error),
      );
    }
  }

  get isIdle(): boolean {
    return this.#busy === 0;
  }

  /** Throws a Violation. */
  judgeAll(): void {
    for (const object of [...this.#objects, ...this.#retired]) this.#judge(object);
  }

  #newObject(kind: number): JudgedObject {
    const workload = workloads[kind]!;
    this.#made += 1;
    return new JudgedObject(workload, `k/${workload.name}/${this.#made}`, 30 + randomInteger(this.#random, 60));
  }

  async #live(client: number, random: Random): Promise<void> {
    const cluster = this.#cluster;
    let home: SimulatedPeer | undefined;
    for (let count = 1; ; count++) {
      await cluster.sleep(-Math.log(1 - random.next()) * cluster.weather.thinkMs);
      if (cluster.isOver) return;
      if (!home?.isUp || random.next() < 0.1) {
        const { members } = cluster;
        home = members[randomInteger(random, members.length)];
      }
      if (home === undefined) continue;
      const kind = randomInteger(random, workloads.length);
      const wasAnswered = await this.#operate(home, this.#pick(kind), client, random, `${client}.${count}`);
      // As clients do that get no answer.
      if (!wasAnswered) home = undefined;
    }
  }

  #pick(kind: number): JudgedObject {
    let object = this.#objects[kind]!;
    if (object.isFull) {
      this.#retired.add(object);
      if (object.isQuiet) this.#judge(object);
      object = this.#newObject(kind);
      this.#objects[kind] = object;
    }
    return object;
  }

  async #operate(
    home: SimulatedPeer,
    object: JudgedObject,
    client: number,
    random: Random,
    fresh: string,
  ): Promise<boolean> {
    const { loop, trace } = this.#cluster;
    const { workload, path } = object;
    const input = workload.draw(random, fresh);
    // In steps: they tell more of what came before what than milliseconds do.
    const operation = object.begin(client, input, loop.steps);
    let wasAnswered = true;
    try {
      const output = await home.call((store) => workload.run(store, path, input));
      object.answered(operation, output, loop.steps);
      this.counts.answered += 1;
    } catch (error) {
      const code = errorCode(error);
      if (code !== undefined && WITHOUT_EFFECT.has(code)) object.refused(operation);
      else object.unanswered();
      this.counts.unanswered += 1;
      wasAnswered = false;
    }
    trace.number(client + loop.steps * 16 + Number(wasAnswered));
    if (this.#retired.has(object) && object.isQuiet) this.#judge(object);
    return wasAnswered;
  }

  #judge(object: JudgedObject): void {
    this.#retired.delete(object);
    this.counts.judged += 1;
    if (!object.judge()) this.counts.undecided += 1;
  }
}
