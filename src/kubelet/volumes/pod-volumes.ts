import { chmod, chown, mkdir, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import type { v1 } from '../../api/index.ts';
import { errorCode, type Random } from '../../base/index.ts';
import type { Mount } from '../../runtime/index.ts';
import { expand } from '../expansion.ts';
import { ConfigurationError } from '../references.ts';
import { writeAtomically } from './atomic-writer.ts';
import { type PayloadContext, volumePayload } from './payload.ts';

/** Who owns the files that a volume gets, where the node may decide that. */
export interface VolumeOwner {
  uid: number;
  gid: number;
}

/** Makes the directories and files behind the volumes of pods: all below `<stateDir>/pods/UID/volumes`. */
export class PodVolumes {
  readonly #root: string;
  readonly #random: Random;

  constructor(stateDir: string, random: Random) {
    this.#root = join(stateDir, 'pods');
    this.#random = random;
  }

  /**
   * Makes all volumes of the pod, or brings them up to date. Rejects with a ConfigurationError that names the volume
   * when one of them can't be had (yet). Returns where each lies.
   */
  async setUp(context: PayloadContext, owner: VolumeOwner | undefined): Promise<ReadonlyMap<string, string>> {
    const paths = new Map<string, string>();
    for (const volume of context.pod.spec?.volumes ?? []) {
      try {
        paths.set(volume.name, await this.#setUpOne(volume, context, owner));
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        throw new ConfigurationError(`MountVolume.SetUp failed for volume "${volume.name}" : ${text}`, {
          cause: error,
        });
      }
    }
    return paths;
  }

  /** Removes all that belongs to the pod. Idempotent. */
  async tearDown(podUid: string): Promise<void> {
    await rm(join(this.#root, podUid), { recursive: true, force: true });
  }

  /** Pods that have left something here. */
  async podUids(): Promise<string[]> {
    return readdir(this.#root).catch((error) => {
      if (errorCode(error) === 'ENOENT') return [];
      throw error;
    });
  }

  async #setUpOne(volume: v1.Volume, context: PayloadContext, owner: VolumeOwner | undefined): Promise<string> {
    if (volume.hostPath) return hostPath(volume.hostPath);
    const directory = join(this.#root, context.pod.metadata.uid!, 'volumes', volume.name);
    const payload = await volumePayload(volume, context);
    if (!payload && !volume.emptyDir)
      throw new ConfigurationError(`${kindOf(volume)} volumes are not supported by this node`);
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const own = async (path: string): Promise<void> => {
      if (owner) await chown(path, owner.uid, owner.gid);
    };
    if (payload) {
      await chmod(directory, 0o755);
      const version = Buffer.from(this.#random.bytes(6)).toString('hex');
      await writeAtomically(directory, payload, version, own);
    } else {
      // As Kubernetes has it: whoever the containers run as may write.
      await chmod(directory, 0o777);
      await own(directory);
    }
    return directory;
  }
}

/** What a container sees of the pod's volumes. */
export async function containerMounts(
  container: v1.Container,
  paths: ReadonlyMap<string, string>,
  env: (name: string) => string | undefined,
): Promise<Mount[]> {
  const mounts: Mount[] = [];
  for (const { name, mountPath, subPath, subPathExpr, readOnly } of container.volumeMounts ?? []) {
    const volume = paths.get(name);
    if (volume === undefined)
      throw new ConfigurationError(`volume "${name}" of container ${container.name} is not set up`);
    const inside = subPathExpr ? expand(subPathExpr, env) : (subPath ?? '');
    mounts.push({ hostPath: await subPathOf(volume, inside), containerPath: mountPath, readOnly: readOnly ?? false });
  }
  return mounts;
}

async function subPathOf(volume: string, inside: string): Promise<string> {
  if (inside === '') return volume;
  if (inside.startsWith('/') || normalize(inside).startsWith('..')) {
    throw new ConfigurationError(`subPath "${inside}" must be a relative path within the volume`);
  }
  const path = join(volume, inside);
  await mkdir(path, { recursive: true }).catch((error) => {
    // A file: that is as good.
    if (errorCode(error) !== 'EEXIST') throw error;
  });
  return path;
}

async function hostPath({ path, type = '' }: v1.HostPathVolumeSource): Promise<string> {
  if (type === 'DirectoryOrCreate') await mkdir(path, { recursive: true, mode: 0o755 });
  if (type === 'FileOrCreate') {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, '', { flag: 'a' });
  }
  if (type === '') return path;
  const found = await stat(path).catch(() => undefined);
  const fits =
    found &&
    (type.startsWith('Directory')
      ? found.isDirectory()
      : type.startsWith('File')
        ? found.isFile()
        : type === 'Socket'
          ? found.isSocket()
          : type === 'CharDevice'
            ? found.isCharacterDevice()
            : found.isBlockDevice());
  if (!fits)
    throw new ConfigurationError(
      `hostPath type check failed: ${path} is not a ${type.replace('OrCreate', '').toLowerCase()}`,
    );
  return path;
}

function kindOf(volume: v1.Volume): string {
  return Object.keys(volume).find((key) => key !== 'name') ?? 'unknown';
}
