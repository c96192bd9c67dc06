import type { Fault } from './fault.ts';
import { victim } from './targets.ts';

const NEEDS_ROOT = 'a file system for each peer needs root';

/** No byte fits on a peer's disk any more. It may end; once there is room it must serve again. */
export const diskFull: Fault = {
  name: 'disk-full',
  unavailable: ({ disks }) => (disks.size > 0 ? undefined : NEEDS_ROOT),
  async start(cluster, random) {
    const id = await victim(cluster, random);
    const disk = cluster.disks.get(id)!;
    cluster.endanger(id);
    disk.fill();
    return {
      description: `disk of ${id} full`,
      async heal() {
        disk.free();
        await cluster.restart(id);
      },
    };
  },
};

/** A peer's disk stands still: what is written to it waits. */
export const diskStall: Fault = {
  name: 'disk-stall',
  unavailable({ disks }) {
    const disk = disks.values().next().value;
    if (disk === undefined) return NEEDS_ROOT;
    return disk.canStall ? undefined : 'a disk that can stand still needs loop devices and ext4';
  },
  async start(cluster, random) {
    const id = await victim(cluster, random);
    const disk = cluster.disks.get(id)!;
    disk.stall();
    return { description: `disk of ${id} stands still`, heal: async () => disk.goOn() };
  },
};
