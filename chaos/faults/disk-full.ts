import type { Fault } from './fault.ts';
import { victim } from './targets.ts';

/** No byte fits on a peer's disk any more. It may end; once there is room it must serve again. */
export const diskFull: Fault = {
  name: 'disk-full',
  unavailable: ({ disks }) => (disks.size > 0 ? undefined : 'a small file system that can be filled needs root'),
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
