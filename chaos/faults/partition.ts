import type { Random } from '../../src/base/index.ts';
import type { Link } from '../network/network.ts';
import type { Target } from '../target.ts';
import type { Fault } from './fault.ts';
import { pick, shuffled, victim } from './targets.ts';

type Shape = (cluster: Target, random: Random) => Promise<{ description: string; blocked: Link[] }>;

/** One peer is alone; the others have each other. */
const isolated: Shape = async (cluster, random) => {
  const alone = await victim(cluster, random);
  return { description: `${alone} cut off`, blocked: rest(cluster, alone).flatMap((id) => both(alone, id)) };
};

/** One peer hears the others but is not heard, or the other way round. */
const oneWay: Shape = async (cluster, random) => {
  const half = await victim(cluster, random);
  const mute = random.next() < 0.5;
  return {
    description: `${half} ${mute ? 'mute' : 'deaf'}`,
    blocked: rest(cluster, half).map((id) => (mute ? [half, id] : [id, half])),
  };
};

/** One peer reaches all; the others, in two halves, reach only their own half and that peer. */
const bridge: Shape = async (cluster, random) => {
  const middle = await victim(cluster, random);
  const others = shuffled(random, rest(cluster, middle));
  const left = others.slice(0, Math.ceil(others.length / 2));
  const right = others.slice(left.length);
  return {
    description: `only ${middle} between ${left} and ${right}`,
    blocked: left.flatMap((a) => right.flatMap((b) => both(a, b))),
  };
};

/** Nobody reaches anybody. */
const shattered: Shape = async (cluster) => ({
  description: 'all cut off',
  blocked: cluster.ids.flatMap((a) => rest(cluster, a).map((b): Link => [a, b])),
});

const shapes: readonly Shape[] = [isolated, isolated, oneWay, oneWay, bridge, shattered];

/** The network between peers falls apart. */
export const partition: Fault<Target> = {
  name: 'partition',
  unavailable: () => undefined,
  async start(cluster, random) {
    const { description, blocked } = await pick(random, shapes)(cluster, random);
    await cluster.network.set({ blocked });
    return { description, heal: () => cluster.network.set({}) };
  },
};

function rest({ ids }: Target, without: number): number[] {
  return ids.filter((id) => id !== without);
}

function both(a: number, b: number): Link[] {
  return [
    [a, b],
    [b, a],
  ];
}
