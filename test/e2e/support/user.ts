import { type ChildProcess, spawn } from 'node:child_process';
import { dirname } from 'node:path';
import type { TestFn } from 'ava';
import { type ProcessStat, processTree } from '../../../src/runtime/proc.ts';
import { type RealCluster, startCluster } from '../../support/cluster.ts';
import { binary, run } from '../../support/kubectl.ts';

/** Somebody with a shell, kubectl, helm and the kubeconfig of a cluster. */
export interface User {
  readonly cluster: RealCluster;
  /** Runs a line of shell that must succeed; returns what it printed. */
  sh(line: string, input?: string): Promise<string>;
  /** Runs a line of shell that must fail; returns what it printed as an error. */
  fails(line: string, input?: string): Promise<string>;
  /** Runs a line of shell in the background. */
  background(line: string): Background;
  /** Runs a line of shell in a terminal. */
  terminal(line: string): Terminal;
  /** Makes a namespace and works in it from now on. */
  enterNamespace(name: string): Promise<void>;
}

export interface Background {
  /** What was printed so far. */
  output(): string;
  /** Resolves with the output once it matches. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves with the output when the command ended by itself, and with success. */
  done(): Promise<string>;
  /** Interrupts the command, as Ctrl-C does, and resolves when it is gone. */
  interrupt(): Promise<void>;
}

export interface Terminal extends Background {
  type(text: string): void;
  resize(columns: number, rows: number): Promise<void>;
  /** Resolves with the exit code. */
  ended(): Promise<number>;
  /** SIGKILL to what runs in the terminal. */
  kill(): void;
}

/** How long a line may take. Nothing waits for it unless something is wrong. */
const LINE_TIMEOUT_MS = 90_000;

/** In which kubectl and helm are, and work with that cluster. */
export function environmentFor({ kubeconfig, dataDir }: RealCluster): Record<string, string> {
  return {
    KUBECONFIG: kubeconfig,
    // Caches and helm's own files stay out of the home directory.
    HOME: dataDir,
    KUBECACHEDIR: `${dataDir}/cache`,
    PATH: `${dirname(binary('kubectl'))}:${dirname(binary('helm'))}:${process.env['PATH']}`,
  };
}

/** A cluster, of three peers unless told otherwise, that lives as long as the tests of the file. */
export function clusterUser<Context>(test: TestFn<Context>, options: { peers?: number } = {}): User {
  let cluster: RealCluster | undefined;
  let env: Record<string, string> = {};
  const running = new Set<Background>();
  test.before(async () => {
    cluster = await startCluster(options);
    env = environmentFor(cluster);
  });
  test.after.always(async () => {
    await Promise.all([...running].map((command) => command.interrupt()));
    await cluster?.stop();
  });
  const execute = (line: string, input?: string) =>
    run('bash', ['-o', 'pipefail', '-c', line], {
      env,
      timeoutMs: LINE_TIMEOUT_MS,
      ...(input === undefined ? {} : { input }),
    });
  const sh: User['sh'] = async (line, input) => {
    const { code, stdout, stderr } = await execute(line, input);
    if (code !== 0) throw new Error(`${line}\nended with ${code}\n${stderr}${stdout}`);
    return stdout;
  };
  return {
    get cluster() {
      if (cluster === undefined) throw new Error('the cluster is not up');
      return cluster;
    },
    sh,
    async fails(line, input) {
      const { code, stdout, stderr } = await execute(line, input);
      if (code === 0) throw new Error(`${line}\nsucceeded\n${stdout}`);
      return stderr.trimEnd();
    },
    background(line) {
      const { command } = startBackground(line, env, () => running.delete(command));
      running.add(command);
      return command;
    },
    terminal(line) {
      const { command, child } = startBackground(
        `script -q -e -c ${quote(line)} /dev/null`,
        env,
        () => running.delete(command),
        'pipe',
      );
      running.add(command);
      // The process that `script` runs, once it is there.
      const inside = async (): Promise<ProcessStat> => {
        for (;;) {
          const found = processTree(child.pid as number).find(({ terminal }) => terminal !== undefined);
          if (found) return found;
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      return {
        ...command,
        type: (text) => void child.stdin?.write(text),
        async resize(columns, rows) {
          const { terminal } = await inside();
          await sh(`stty -F /dev/pts/${terminal} rows ${rows} cols ${columns}`);
        },
        ended: async () => {
          await command.done().catch(() => {});
          return child.exitCode ?? -1;
        },
        kill() {
          for (const { pid } of processTree(child.pid as number)) process.kill(pid, 'SIGKILL');
        },
      };
    },
    async enterNamespace(name) {
      await sh(`kubectl create namespace ${name} && kubectl config set-context --current --namespace=${name}`);
    },
  };
}

function startBackground(
  line: string,
  env: Record<string, string>,
  onEnd: () => void,
  stdin: 'ignore' | 'pipe' = 'ignore',
): { command: Background; child: ChildProcess } {
  const child: ChildProcess = spawn('bash', ['-c', `exec ${line}`], {
    env: { ...process.env, ...env },
    stdio: [stdin, 'pipe', 'pipe'],
  });
  child.stdin?.on('error', () => {});
  let output = '';
  let errors = '';
  let wake = (): void => {};
  child.stdout!.on('data', (chunk) => {
    output += chunk;
    wake();
  });
  child.stderr!.on('data', (chunk) => {
    errors += chunk;
  });
  let ended: number | undefined;
  const closed = new Promise<void>((resolve) => {
    child.once('close', (code) => {
      ended = code ?? -1;
      onEnd();
      wake();
      resolve();
    });
  });
  const command: Background = {
    output: () => output,
    async until(pattern) {
      const signal = AbortSignal.timeout(LINE_TIMEOUT_MS);
      signal.addEventListener('abort', () => wake());
      while (!pattern.test(output)) {
        if (ended !== undefined) throw new Error(`${line}\nended with ${ended} before ${pattern}\n${errors}${output}`);
        if (signal.aborted) throw new Error(`${line}\nnever printed ${pattern}\n${errors}${output}`);
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return output;
    },
    async done() {
      await closed;
      if (ended !== 0) throw new Error(`${line}\nended with ${ended}\n${errors}${output}`);
      return output;
    },
    async interrupt() {
      child.kill('SIGINT');
      await closed;
    },
  };
  return { command, child };
}

const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
