import { readdirSync, readFileSync } from 'node:fs';

/** The process ids whose environment holds that setting, each the first of its process tree. */
export function processesWith(setting: string): number[] {
  const found = new Map<number, number>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(setting)) continue;
      found.set(Number(name), parentOf(name));
    } catch {
      // It ended meanwhile.
    }
  }
  return [...found].filter(([, parent]) => !found.has(parent)).map(([pid]) => pid);
}

function parentOf(pid: string): number {
  // The program's name, in parentheses, may hold anything.
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
}
