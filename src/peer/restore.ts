import { createReadStream, rmSync } from 'node:fs';
import { systemClock, systemRandom } from '../base/index.ts';
import { openLevelStorage, seedStorage } from '../replica/index.ts';
import { stateToRestore } from '../store/index.ts';
import { type ClusterShape, layOutCluster } from './cluster-files.ts';
import { type ClusterPaths, makePrivateDir } from './data-dir.ts';
import { storeDir } from './replicated-store.ts';

/**
 * Lays out a new cluster whose peers begin with the state in a snapshot file. Rejects with SNAPSHOT_CORRUPT or ENOENT before
 * anything is written, or as `layOutCluster` does; then nothing of it stays.
 */
export async function restoreCluster(paths: ClusterPaths, shape: ClusterShape, file: string): Promise<void> {
  const state = await stateToRestore(createReadStream(file), systemClock);
  const peers = shape.members.map(({ id, host, peerPort }) => ({ id, host, port: peerPort }));
  const initialMembers = peers.map(({ id }) => id);
  await layOutCluster(paths, shape, systemClock.now(), async () => {
    try {
      for (const peerId of initialMembers) {
        const directory = storeDir(paths.peer(peerId).dir);
        makePrivateDir(directory);
        const identity = { clusterId: shape.clusterId, peerId };
        const storage = await openLevelStorage(directory);
        await seedStorage({ storage, identity, initialMembers, peers, random: systemRandom }, state());
      }
    } catch (error) {
      for (const { id } of peers) rmSync(storeDir(paths.peer(id).dir), { recursive: true, force: true });
      throw error;
    }
  });
}
