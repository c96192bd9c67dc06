import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { quote } from './scripts.ts';
import type { Mount } from './types.ts';

/**
 * A script, run in a mount namespace of the container's own, that shows the mounts to the workload only, and then
 * becomes `next`. `image: host` has the node's own tree, so a mount point that does not exist there must not be made
 * there either: its nearest existing directory is covered by a writable overlay in memory, or, when that is the root,
 * by a root in memory into which the node's top-level directories are bound.
 */
export function mountScript(mounts: readonly Mount[], next: string): string {
  // Outer before inner.
  const sorted = mounts
    .map((mount) => ({ ...mount, containerPath: resolveExisting(mount.containerPath) }))
    .sort((a, b) => a.containerPath.length - b.containerPath.length);
  const missing = sorted.filter(
    (mount) => !existsSync(mount.containerPath) && !sorted.some((outer) => isInside(mount, outer)),
  );
  const covered = [...new Set(missing.map((mount) => nearestExisting(mount.containerPath)))];
  const newRoot = covered.includes('/');
  const root = newRoot ? '"$scratch/root"' : '';
  const lines = [toShimLog, 'umask 022'];
  if (covered.length > 0) lines.push('scratch=$PWD/scratch', 'mkdir -p scratch', 'mount -t tmpfs tmpfs scratch');
  if (newRoot) lines.push(bindTopLevel);
  // An overlay of an outer directory would hide one of an inner.
  const overlays = covered.filter(
    (path) => path !== '/' && !covered.some((o) => o !== '/' && path.startsWith(`${o}/`)),
  );
  overlays.forEach((path, index) => {
    const upper = `$scratch/upper${index}`;
    const work = `$scratch/work${index}`;
    lines.push(
      `mkdir "${upper}" "${work}"`,
      `mount -t overlay -o lowerdir=${quote(path)},upperdir="${upper}",workdir="${work}" overlay ${root}${quote(path)}`,
    );
  });
  for (const mount of sorted) lines.push(...bindLines(mount, root));
  if (newRoot) lines.push(enterNewRoot);
  lines.push(`exec ${next} 2>&3 3>&-`);
  return `${lines.join('\n')}\n`;
}

/** What fails here is a failure to start, not output of the workload. */
const toShimLog = `exec 3>&2 2>>shim.log
set -e
trap 'exit 128' EXIT`;

const bindTopLevel = `mkdir "$scratch/root"
mount --bind "$scratch/root" "$scratch/root"
for source in /* /.[!.]*; do
target=$scratch/root$source
if [ -L "$source" ]; then ln -s "$(readlink "$source")" "$target"
elif [ -d "$source" ]; then mkdir "$target" && mount --rbind "$source" "$target"
elif [ -f "$source" ]; then : >"$target" && mount --bind "$source" "$target"
fi
done`;

/** Not chroot: in there no user namespace can be made. The old root is stacked over the new one, then taken away. */
const enterNewRoot = `cd "$scratch/root"
pivot_root . .
umount -l .
cd /`;

function bindLines(mount: Mount, root: string): string[] {
  const source = quote(mount.hostPath);
  const target = `${root}${quote(mount.containerPath)}`;
  const parent = `${root}${quote(dirname(mount.containerPath))}`;
  return [
    `if [ -d ${source} ]; then mkdir -p ${target}; elif ! [ -e ${target} ]; then mkdir -p ${parent}; : >${target}; fi`,
    `mount --rbind ${source} ${target}`,
    ...(mount.readOnly ? [`mount -o remount,bind,ro ${target}`] : []),
  ];
}

function isInside(mount: Mount, outer: Mount): boolean {
  return mount !== outer && mount.containerPath.startsWith(`${outer.containerPath}/`);
}

function nearestExisting(path: string): string {
  let directory = dirname(path);
  while (!existsSync(directory)) directory = dirname(directory);
  return directory;
}

/** Follows links in the part of `path` that exists, so that `/var/run/x` and `/run/x` are the same. */
function resolveExisting(path: string): string {
  const clean = join('/', path).replace(/(.)\/+$/, '$1');
  if (existsSync(clean)) return realpathSync(clean);
  const existing = nearestExisting(clean);
  return join(realpathSync(existing), clean.slice(existing.length));
}
