import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A directory tree that looks like a machine's /proc and /sys/fs/cgroup. Files take what is written, and do nothing. */
export class FakeTree {
  readonly root: string;

  constructor(root: string, files: Readonly<Record<string, string>>) {
    this.root = root;
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    mkdirSync(dirname(join(this.root, path)), { recursive: true });
    writeFileSync(join(this.root, path), text);
  }

  read(path: string): string {
    return readFileSync(join(this.root, path), 'utf8');
  }
}

export const v2Mount = '30 22 0:27 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n';

/** A version 2 machine with a user session, whose service directory is delegated. */
export function v2Files(own: string): Record<string, string> {
  return { 'proc/self/mountinfo': v2Mount, 'proc/self/cgroup': `0::${own}\n` };
}

/** The files of one version 2 group. */
export function v2Group(path: string, controllers: string, enabled: string): Record<string, string> {
  const directory = join('sys/fs/cgroup', path);
  return {
    [`${directory}/cgroup.controllers`]: `${controllers}\n`,
    [`${directory}/cgroup.subtree_control`]: `${enabled}\n`,
    [`${directory}/cgroup.procs`]: '',
  };
}
