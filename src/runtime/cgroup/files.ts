import { mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../../base/index.ts';

/** The file's text, or '' when it is missing or can't be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

/** The number in the file; undefined when missing or not a number (`max`). */
export function readNumber(path: string): number | undefined {
  const text = readText(path).trim();
  return /^-?\d+$/.test(text) ? Number(text) : undefined;
}

/** The number after `key` in a file of `key value` lines. */
export function readField(path: string, key: string): number | undefined {
  for (const line of readText(path).split('\n')) {
    const space = line.indexOf(' ');
    if (space > 0 && line.slice(0, space) === key) return Number(line.slice(space + 1));
  }
  return undefined;
}

export function readPids(path: string): number[] {
  return readText(path).split('\n').filter(Boolean).map(Number);
}

export function writeText(path: string, text: string | number): void {
  writeFileSync(path, String(text));
}

/** Like `writeText`, but a kernel without the file, or one that refuses, is as good. */
export function tryWriteText(path: string, text: string | number): boolean {
  try {
    writeFileSync(path, String(text), { flag: 'r+' });
    return true;
  } catch {
    return false;
  }
}

export function makeDirectory(path: string): void {
  mkdirSync(path, { recursive: true });
}

/** Removes a group without processes, with what groups are in it; returns false when it is in use. */
export function removeTree(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) removeTree(join(path, entry.name));
    }
  } catch {
    // Gone already.
  }
  return removeDirectory(path);
}

/** Removes an empty group; returns false when it is not empty yet. */
export function removeDirectory(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return errorCode(error) === 'ENOENT';
  }
}

/**
 * Removes a group with all in it, then those of its parents, up to `base`, that are empty now. The base goes with the
 * last group; creating a group makes it again.
 */
export function removeUpTo(base: string, path: string): void {
  if (!removeTree(path)) return;
  for (let parent = dirname(path); parent.length >= base.length; parent = dirname(parent)) {
    if (!removeDirectory(parent)) return;
  }
}

/**
 * Kills until nothing is left. `stopForks` bars new processes first, so that a fork bomb can't outrun the loop;
 * `killOnce` kills what is there now.
 */
export async function killUntilEmpty(
  processes: () => number[],
  stopForks: () => void,
  killOnce: (pids: number[]) => void,
): Promise<boolean> {
  const attemptsMax = 100;
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const pids = processes();
    if (pids.length === 0) return true;
    stopForks();
    killOnce(pids);
    await delay(Math.min(1 + attempt, 50));
  }
  return processes().length === 0;
}

export function killPids(pids: number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It has ended meanwhile.
    }
  }
}
