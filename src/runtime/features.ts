import { spawn } from 'node:child_process';
import { setprivCommand } from './scripts.ts';

/** What the machine lets us do for a container, tried once at the start. */
export interface Features {
  /** `setpriv` works: privileges can be dropped and barred. */
  setpriv: boolean;
  /** Command prefix under which mounts are private to a container; undefined where none works. */
  mountNamespace?: readonly string[];
  /** Command prefix that leaves the user namespace's root again, when `mountNamespace` needed one. */
  afterMounts: readonly string[];
  /** `script` makes terminals. */
  terminals: boolean;
}

export async function detectFeatures(uid: number, gid: number): Promise<Features> {
  const mountNamespace =
    uid === 0
      ? ['unshare', '--mount', '--propagation', 'private']
      : ['unshare', '--user', '--map-root-user', '--mount', '--propagation', 'private'];
  // Back to one's own ids, so that a container sees the same user with mounts as without.
  const afterMounts = uid === 0 ? [] : ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`];
  const [setpriv, mounts, terminals] = await Promise.all([
    works([...(uid === 0 ? setprivCommand() : noNewPrivileges), 'true']),
    works([...mountNamespace, 'sh', '-c', 'mount --bind /tmp /tmp && exec "$@"', 'sh', ...afterMounts, 'true']),
    works(['script', '-q', '-e', '-c', 'stty echo', '/dev/null']),
  ]);
  return mounts ? { setpriv, terminals, mountNamespace, afterMounts } : { setpriv, terminals, afterMounts: [] };
}

/** The `setpriv` command of a peer that is not root. */
export const noNewPrivileges: readonly string[] = ['setpriv', '--no-new-privs'];

function works(argv: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(argv[0]!, argv.slice(1), { stdio: 'ignore' });
    child.once('error', () => resolve(false));
    child.once('exit', (code) => resolve(code === 0));
  });
}
