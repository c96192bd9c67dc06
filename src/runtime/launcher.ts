import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { LaunchedProcess, Launcher, LaunchRequest } from '../base/index.ts';

/** Starts real processes. */
export const systemLauncher: Launcher = {
  launch(request: LaunchRequest): Promise<LaunchedProcess> {
    return new Promise((resolve, reject) => {
      const opened: number[] = [];
      const append = (path: string): number => {
        const descriptor = openSync(path, 'a', 0o600);
        opened.push(descriptor);
        return descriptor;
      };
      try {
        const [program, ...args] = request.argv;
        const child = spawn(program!, args, {
          cwd: request.workingDir,
          env: { ...request.env },
          detached: true,
          stdio: ['ignore', append(request.stdoutPath), append(request.stderrPath)],
        });
        // A peer may end while its containers run.
        child.unref();
        const exited = new Promise<{ exitCode: number | null; signal: string | null }>((settle) => {
          child.once('exit', (exitCode, signal) => settle({ exitCode, signal }));
        });
        child.once('spawn', () => resolve({ pid: child.pid!, exited }));
        child.once('error', reject);
      } catch (error) {
        reject(error);
      } finally {
        opened.forEach(closeSync);
      }
    });
  },
};
