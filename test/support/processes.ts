import { readdirSync, readlinkSync } from 'node:fs';

/**
 * The processes at work in a data directory: peers, whose output goes to a log there, and their containers, whose shims sit there
 * and whose output goes there as well.
 */
export function processesIn(dir: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && name !== String(process.pid))
    .filter((pid) => ['cwd', 'fd/1', 'fd/2'].some((link) => target(`/proc/${pid}/${link}`).startsWith(`${dir}/`)))
    .map(Number);
}

/** What ends takes a moment: those that are still there after `ms`. */
export async function processesLeftIn(dir: string, ms = 5_000): Promise<number[]> {
  const until = Date.now() + ms;
  let left = processesIn(dir);
  while (left.length > 0 && Date.now() < until) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    left = processesIn(dir);
  }
  return left;
}

/** Empty when the process has ended, or is somebody else's. */
function target(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
