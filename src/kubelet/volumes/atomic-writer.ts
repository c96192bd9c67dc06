import { mkdir, readdir, readFile, readlink, rename, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { errorCode } from '../../base/index.ts';

export interface PayloadFile {
  content: Uint8Array;
  mode: number;
}

/** Files of a volume by their path in it. */
export type Payload = ReadonlyMap<string, PayloadFile>;

const currentLink = '..data';

/**
 * Makes `directory` show exactly the payload, all files changing at one moment, as Kubernetes lays such volumes out:
 * names are links into `..data`, itself a link to the directory of this version. Returns whether anything changed.
 */
export async function writeAtomically(
  directory: string,
  payload: Payload,
  versionName: string,
  own: (path: string) => Promise<void>,
): Promise<boolean> {
  const before = await readlink(join(directory, currentLink)).catch(ignoreMissing);
  if (before !== undefined && (await holds(join(directory, before), payload))) return false;
  const version = `..${versionName}`;
  await mkdir(join(directory, version), { mode: 0o755, recursive: true });
  await own(join(directory, version));
  for (const [path, { content, mode }] of payload) {
    const file = join(directory, version, path);
    await mkdir(dirname(file), { recursive: true, mode: 0o755 });
    await writeFile(file, content, { mode });
    await own(file);
  }
  const newLink = join(directory, `${currentLink}.new`);
  // From a process that died in between.
  await rm(newLink, { force: true });
  await symlink(version, newLink);
  await rename(newLink, join(directory, currentLink));
  await linkNames(directory, new Set([...payload.keys()].map((path) => path.split('/')[0]!)));
  if (before !== undefined) await rm(join(directory, before), { recursive: true, force: true });
  return true;
}

async function holds(directory: string, payload: Payload): Promise<boolean> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(ignoreMissing);
  if (entries?.filter((entry) => entry.isFile()).length !== payload.size) return false;
  for (const [path, { content, mode }] of payload) {
    const file = join(directory, path);
    const found = await readFile(file).catch(ignoreMissing);
    if (found === undefined || !found.equals(content) || ((await stat(file)).mode & 0o777) !== mode) return false;
  }
  return true;
}

async function linkNames(directory: string, names: ReadonlySet<string>): Promise<void> {
  const there = new Set(await readdir(directory));
  for (const name of names) if (!there.has(name)) await symlink(join(currentLink, name), join(directory, name));
  for (const name of there) if (!name.startsWith('..') && !names.has(name)) await unlink(join(directory, name));
}

function ignoreMissing(error: unknown): undefined {
  if (errorCode(error) !== 'ENOENT') throw error;
}
