import { accessSync, constants } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { errorMessage } from '../../base/index.ts';
import type { CgroupController } from '../types.ts';
import { CgroupV1, CgroupV1Manager } from './cgroup-v1.ts';
import { CgroupV2, CgroupV2Manager } from './cgroup-v2.ts';
import { makeDirectory, readText, removeDirectory, tryWriteText } from './files.ts';
import { NoCgroupManager } from './none.ts';
import type { Cgroup, CgroupLocation, CgroupManager } from './types.ts';

const wanted: readonly CgroupController[] = ['memory', 'cpu', 'pids'];

export interface DetectOptions {
  /** Name of our group below the process's own; distinct for each node on a machine. */
  name: string;
  /** Put before every path that is read: a fake tree in tests. Default `/`. */
  root?: string;
}

/** Where this process's own groups are. */
export interface OwnGroups {
  /** Version 1 controller to the directory of the process's group and that of the tree's root. */
  v1: ReadonlyMap<string, OwnGroup>;
  v2?: OwnGroup;
}

export interface OwnGroup {
  directory: string;
  mountPoint: string;
}

/** Chooses the manager for what this machine has and this process may write. */
export function detectCgroups({ name, root = '/' }: DetectOptions): CgroupManager {
  const own = findOwnGroups(root);
  // Where memory, cpu or pids are mounted as version 1, version 2 can't have them.
  if (wanted.some((controller) => own.v1.has(controller))) return v1Manager(own, name);
  if (own.v2) return v2Manager(own.v2, name);
  return new NoCgroupManager('no cgroup file system is mounted');
}

/** The group that a container's state tells of. */
export function openCgroup(location: CgroupLocation): Cgroup {
  return location.version === 'v1' ? new CgroupV1(location) : new CgroupV2(location);
}

function v1Manager(own: OwnGroups, name: string): CgroupManager {
  const bases: Record<string, string> = {};
  const missing: string[] = [];
  for (const controller of [...wanted, 'cpuacct']) {
    const group = own.v1.get(controller);
    const base = group && join(group.directory, name);
    const problem = base === undefined ? 'not mounted' : probeDirectory(base);
    if (problem === undefined) bases[controller] = base!;
    else if (controller !== 'cpuacct') missing.push(`${controller}: ${problem}`);
  }
  const reason = missing.length === 0 ? undefined : missing.join('; ');
  if (!wanted.some((controller) => controller in bases)) return new NoCgroupManager(reason!);
  return new CgroupV1Manager(bases, own.v2 ? 'hybrid' : 'v1', reason);
}

/**
 * A group with processes can't enable controllers for children, so ours goes below the nearest ancestor that
 * can: limits set on that one hold for us too. The tree's root may do both.
 */
function v2Manager(own: OwnGroup, name: string): CgroupManager {
  const problems: string[] = [];
  for (let parent = own.directory; ; parent = dirname(parent)) {
    const available = readText(join(parent, 'cgroup.controllers')).split(/\s+/);
    const controllers = wanted.filter((controller) => available.includes(controller));
    const problem = controllers.length === 0 ? 'no controllers' : probeV2(parent, name, controllers);
    if (problem === undefined) {
      const lacking = wanted.filter((controller) => !controllers.includes(controller));
      const reason = lacking.length === 0 ? undefined : `${lacking.join(', ')}: not delegated to ${parent}`;
      return new CgroupV2Manager(join(parent, name), new Set(controllers), reason);
    }
    problems.push(`${parent}: ${problem}`);
    if (parent === own.mountPoint || parent === dirname(parent)) break;
  }
  return new NoCgroupManager(problems.join('; '));
}

function probeV2(parent: string, name: string, controllers: readonly string[]): string | undefined {
  const file = join(parent, 'cgroup.subtree_control');
  const enabled = readText(file).split(/\s+/);
  const enable = controllers.filter((controller) => !enabled.includes(controller)).map((c) => `+${c}`);
  try {
    accessSync(parent, constants.W_OK);
    accessSync(join(parent, 'cgroup.procs'), constants.W_OK);
  } catch (error) {
    return errorMessage(error);
  }
  if (enable.length > 0 && !tryWriteText(file, enable.join(' '))) return 'controllers can not be enabled';
  return probeDirectory(join(parent, name));
}

/** Why the group can't be made, or undefined when it can. Leaves nothing behind. */
function probeDirectory(directory: string): string | undefined {
  try {
    makeDirectory(directory);
    accessSync(directory, constants.W_OK);
    // Fails, rightly, where containers of an earlier run live in it.
    removeDirectory(directory);
    return undefined;
  } catch (error) {
    return errorMessage(error);
  }
}

/** Reads /proc/self/cgroup and /proc/self/mountinfo below `root`. */
export function findOwnGroups(root = '/'): OwnGroups {
  const paths = new Map<string, string>();
  for (const line of readText(join(root, 'proc/self/cgroup')).split('\n')) {
    const [id, controllers, path] = splitFirst(line, ':', 3);
    if (path === undefined) continue;
    for (const controller of controllers!.split(',')) paths.set(id === '0' ? 'v2' : controller, path);
  }
  const v1 = new Map<string, OwnGroup>();
  let v2: OwnGroup | undefined;
  for (const line of readText(join(root, 'proc/self/mountinfo')).split('\n')) {
    const [before, after] = line.split(' - ');
    if (after === undefined) continue;
    const [, , , mountRoot, mountedAt] = before!.split(' ');
    const [type, , superOptions] = after.split(' ');
    const mountPoint = join(root, unescapeMount(mountedAt!));
    const group = (path: string): OwnGroup => {
      const inside = relative(unescapeMount(mountRoot!), path);
      // A path outside what is mounted: a cgroup namespace or bind mount hides it; then the mount is all there is.
      return { mountPoint, directory: inside.startsWith('..') ? mountPoint : join(mountPoint, inside) };
    };
    if (type === 'cgroup2' && paths.has('v2')) v2 ??= group(paths.get('v2')!);
    if (type !== 'cgroup') continue;
    for (const controller of superOptions!.split(',')) {
      if (paths.has(controller) && !v1.has(controller)) v1.set(controller, group(paths.get(controller)!));
    }
  }
  return { v1, v2 };
}

/** Splits at the first `count - 1` separators only. */
function splitFirst(text: string, separator: string, count: number): string[] {
  const parts = text.split(separator);
  return parts.length <= count ? parts : [...parts.slice(0, count - 1), parts.slice(count - 1).join(separator)];
}

/** Space, tab, newline and backslash stand as octal numbers in mountinfo. */
function unescapeMount(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
