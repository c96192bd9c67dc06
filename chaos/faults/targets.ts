import { type Random, randomInteger } from '../../src/base/index.ts';
import { pause } from '../pause.ts';
import type { Target } from '../target.ts';

const ANSWER_MS = 1_000;

export function pick<T>(random: Random, list: readonly T[]): T {
  return list[randomInteger(random, list.length)]!;
}

/** In a random order (Fisher and Yates). */
export function shuffled<T>(random: Random, list: readonly T[]): T[] {
  const result = [...list];
  for (let i = result.length - 1; i > 0; i--) {
    const j = randomInteger(random, i + 1);
    [result[i], result[j]] = [result[j]!, result[i]!];
  }
  return result;
}

/** The leader, half the time: it is where most goes on. */
export async function victim(cluster: Target, random: Random): Promise<number> {
  const wantsLeader = random.next() < 0.5;
  const other = pick(random, cluster.ids);
  return (wantsLeader ? await leaderOf(cluster) : 0) || other;
}

/** Mostly one peer; now and then several, up to all. */
export async function victims(cluster: Target, random: Random): Promise<number[]> {
  const first = await victim(cluster, random);
  const others = shuffled(
    random,
    cluster.ids.filter((id) => id !== first),
  );
  const more = random.next() < 0.7 ? 0 : randomInteger(random, others.length) + 1;
  return [first, ...others.slice(0, more)];
}

/** Whom, of the servers that answer within a second, the one with the highest term takes for the leader; 0: nobody. */
export async function leaderOf(cluster: Target): Promise<number> {
  const late = pause(ANSWER_MS).then(() => undefined);
  const answers = await Promise.all(cluster.ids.map((id) => Promise.race([cluster.status(id), late])));
  const newest = answers.reduce((best, next) => ((next?.term ?? -1) > (best?.term ?? -1) ? next : best), undefined);
  return newest?.leader ?? 0;
}
