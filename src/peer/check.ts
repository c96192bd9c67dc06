import { existsSync } from 'node:fs';
import { systemClock } from '../base/index.ts';
import { type Inspection, inspectStorage, openLevelStorage } from '../replica/index.ts';
import { createStateInspector, type StateInfo } from '../store/index.ts';
import { loadPeerConfig } from './config.ts';
import { storeDir } from './replicated-store.ts';

/** What a stopped peer would begin with. */
export interface CheckedPeer {
  /** Undefined for a peer that never ran. */
  found: (Inspection & StateInfo) | undefined;
}

/**
 * Reads all that a stopped peer has stored, as its start would and further. Rejects with DATA_LOCKED while it runs, DATA_CORRUPT,
 * DATA_FOREIGN, SNAPSHOT_CORRUPT or CONFIG_INVALID.
 */
export async function checkPeer(configFile: string): Promise<CheckedPeer> {
  const { clusterId, peerId, dataDir } = await loadPeerConfig(configFile);
  const directory = storeDir(dataDir);
  // Opening it would make one.
  if (!existsSync(directory)) return { found: undefined };
  const { stateMachine, describe } = createStateInspector(systemClock);
  const inspection = await inspectStorage(await openLevelStorage(directory), { clusterId, peerId }, stateMachine);
  return { found: inspection && { ...inspection, ...describe() } };
}
