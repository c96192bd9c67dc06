import { accessSync, constants, statSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { errorCode } from '../base/index.ts';
import type { ContainerConfig } from './types.ts';

/**
 * Why the container's program can't be started, as other runtimes say it, or undefined. Programs and directories
 * within mounts are seen by the container only, and not judged.
 */
export function startProblem(config: ContainerConfig, path: string): string | undefined {
  const workingDir = config.workingDir ?? '/';
  const program = config.command[0];
  const mounted = (file: string): boolean =>
    (config.mounts ?? []).some(({ containerPath }) => file === containerPath || file.startsWith(`${containerPath}/`));
  if (program === undefined) return 'no command specified';
  if (!mounted(workingDir) && !isDirectory(workingDir)) {
    return `chdir to cwd ("${workingDir}") set in config.json failed: no such file or directory`;
  }
  if (program.includes('/')) {
    const file = isAbsolute(program) ? program : join(workingDir, program);
    const problem = mounted(file) ? undefined : executableProblem(file);
    return problem && `exec: "${program}": ${problem}`;
  }
  const candidates = path.split(':').map((directory) => join(directory || workingDir, program));
  if (candidates.some((file) => mounted(file) || executableProblem(file) === undefined)) return undefined;
  return `exec: "${program}": executable file not found in $PATH`;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function executableProblem(file: string): string | undefined {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile() ? undefined : 'is a directory';
  } catch (error) {
    return errorCode(error) === 'EACCES' ? 'permission denied' : `stat ${file}: no such file or directory`;
  }
}
