import { mkdir, readdir, realpath } from 'node:fs/promises';
import { ClassicLevel } from 'classic-level';
import { errorCode, errorMessage, KeelsonError } from '../base/index.ts';
import { findLoss } from './level-manifest.ts';
import { findWalDamage } from './level-wal.ts';

export interface OpenDatabase {
  database: ClassicLevel<Buffer, Buffer>;
  /** To be called once the database is closed. */
  release(): void;
}

/**
 * Directories open in this process. LevelDB's own lock is for other processes: a second attempt from the same one
 * fails, but takes the lock away from the first.
 */
const openDirectories = new Set<string>();

/** Opens or creates LevelDB in a directory that holds nothing else. What is wrong becomes a KeelsonError. */
export async function openDatabase(directory: string): Promise<OpenDatabase> {
  const names = await list(directory);
  const real = await realpath(directory);
  if (openDirectories.has(real)) throw lockedError(directory);
  openDirectories.add(real);
  try {
    await inspect(directory, names);
    const database = new ClassicLevel<Buffer, Buffer>(directory, {
      keyEncoding: 'buffer',
      valueEncoding: 'buffer',
      // The log is written once, hardly ever read, and soon dropped.
      compression: false,
      cacheSize: 1024 * 1024,
      // Each is mapped into memory, 2 to 4 MiB, and stays so until another one needs its place: 64, the fewest possible.
      maxOpenFiles: 74,
    });
    await database.open();
    return { database, release: () => openDirectories.delete(real) };
  } catch (error) {
    openDirectories.delete(real);
    throw openingError(directory, error);
  }
}

export function corruptError(directory: string, what: string, cause?: unknown): KeelsonError {
  return new KeelsonError(
    'DATA_CORRUPT',
    `data directory ${directory} is damaged (${what}): check the disk, then replace the peer ("keelson member remove", "keelson member add"), or, if it was the only one, restore a backup`,
    { cause },
  );
}

export function foreignError(directory: string, what: string): KeelsonError {
  return new KeelsonError(
    'DATA_FOREIGN',
    `data directory ${directory} ${what}: choose another directory, or remove this one if nobody needs it`,
  );
}

export function failedError(directory: string, cause: unknown): KeelsonError {
  return new KeelsonError(
    'DATA_FAILED',
    `data directory ${directory} failed (${errorMessage(cause)}): check the disk, its free space and permissions, then restart the peer`,
    { cause },
  );
}

function lockedError(directory: string, cause?: unknown): KeelsonError {
  return new KeelsonError(
    'DATA_LOCKED',
    `data directory ${directory} is in use already: stop the peer that uses it, or give this one its own directory`,
    { cause },
  );
}

function openingError(directory: string, error: unknown): KeelsonError {
  if (error instanceof KeelsonError) return error;
  const cause = (error as { cause?: unknown }).cause ?? error;
  if (errorCode(cause) === 'LEVEL_LOCKED') return lockedError(directory, cause);
  if (errorCode(cause) === 'LEVEL_CORRUPTION') return corruptError(directory, errorMessage(cause), cause);
  return failedError(directory, cause);
}

async function list(directory: string): Promise<string[]> {
  try {
    await mkdir(directory, { recursive: true });
    return await readdir(directory);
  } catch (error) {
    if (['ENOTDIR', 'EEXIST'].includes(errorCode(error) ?? '')) throw foreignError(directory, 'is not a directory');
    throw failedError(directory, error);
  }
}

/** LevelDB would settle beside strangers' files, begin anew where a vital file of its own is lost, and skip damage. */
async function inspect(directory: string, names: readonly string[]): Promise<void> {
  if (names.includes('CURRENT')) {
    const damage = (await findLoss(directory, names)) ?? (await findWalDamage(directory, names));
    if (damage !== undefined) throw corruptError(directory, damage);
    return;
  }
  // CURRENT is written last when a database is created: without it there is no data yet, or no database any more.
  if (names.some((name) => /^\d+\.(log|ldb|sst)$/.test(name))) throw corruptError(directory, 'CURRENT is missing');
  const stranger = names.find((name) => !/^(LOCK|LOG|LOG\.old|MANIFEST-\d+|\d+\.dbtmp)$/.test(name));
  if (stranger !== undefined) throw foreignError(directory, `holds '${stranger}', which is not of Keelson`);
}
