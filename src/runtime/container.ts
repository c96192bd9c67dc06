import { type FSWatcher, readFileSync, statSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Clock, errorCode, errorMessage, type Launcher } from '../base/index.ts';
import { attachTo } from './attach.ts';
import { type Cgroup, openCgroup } from './cgroup/index.ts';
import { ContainerLog, type LogLimits } from './container-log.ts';
import { RuntimeError } from './errors.ts';
import { type ExecRequest, runScript, shellPath, startScript } from './exec.ts';
import {
  isAlive,
  killTree,
  type ProcessIdentity,
  type ProcessStat,
  parseIdentity,
  processesNow,
  processTree,
  tryKill,
} from './proc.ts';
import type { ContainerRecord } from './record.ts';
import { execScript, type Program, type ScriptInput, workloadScript } from './scripts.ts';
import { TerminalResizer } from './terminal.ts';
import type {
  AttachOptions,
  ContainerStats,
  ContainerStatus,
  ExecOptions,
  ExecResult,
  ExitReason,
  StartExecOptions,
  StdioSession,
} from './types.ts';

export interface ContainerContext {
  clock: Clock;
  launcher: Launcher;
  logLimits?: LogLimits;
  imageId: string;
  /** For commands that join the container. */
  scriptInput(record: ContainerRecord, cgroup: Cgroup): ScriptInput;
  onEvent(container: Container, type: 'started' | 'exited'): void;
}

interface Started {
  process: ProcessIdentity;
  startedAtMs: number;
}

interface Exit {
  finishedAtMs: number;
  exitCode: number;
  reason: ExitReason;
  message?: string;
}

/** Ticks of the kernel's clock a second: fixed by its user interface on all common architectures. */
const clockTicksPerSecond = 100;
const pageBytes = 4096;
/** How often a kill is checked on where no event tells that it is done. */
const lookAgainMs = 50;
/** The exit code of a container that never came to run its program, as other runtimes have it. */
const startErrorCode = 128;

/**
 * One container. Its truth is in its directory, written by the shim (`scripts.ts`) and valid with or without a peer;
 * this object follows it: a watch on the directory tells of output and of the end.
 */
export class Container {
  readonly record: ContainerRecord;
  readonly directory: string;
  readonly log: ContainerLog;
  readonly cgroup: Cgroup;
  readonly #context: ContainerContext;
  #watcher: FSWatcher | undefined;
  #shim: ProcessIdentity | undefined;
  #started: Started | undefined;
  #exit: Exit | undefined;
  #resizer: TerminalResizer | undefined;
  #starting: Promise<void> | undefined;
  /** Wakes those who wait for a change of state. */
  readonly #waiters = new Set<() => void>();
  /** Commands and attachments, which end with the container. */
  readonly #exitListeners = new Set<(exitCode: number) => void>();

  /** Opens the container as it is on disk: created, running, or ended while nobody looked. */
  constructor(directory: string, record: ContainerRecord, context: ContainerContext) {
    this.directory = directory;
    this.record = record;
    this.#context = context;
    this.cgroup = openCgroup(record.cgroup);
    this.log = new ContainerLog(directory, context.clock, context.logLimits);
    this.check();
    if (this.#shim && !this.#exit) this.#watch();
  }

  get state(): ContainerStatus['state'] {
    if (this.#exit) return 'exited';
    return this.#started ? 'running' : 'created';
  }

  status(): ContainerStatus {
    const { record } = this;
    const { id, sandboxId, podUid, createdAtMs, config } = record;
    const exitCode = this.#exit?.exitCode;
    return {
      id,
      sandboxId,
      podUid,
      createdAtMs,
      name: config.name,
      attempt: config.attempt,
      image: config.image,
      imageId: this.#context.imageId,
      annotations: config.annotations ?? {},
      state: this.state,
      startedAtMs: this.#started?.startedAtMs,
      pid: this.#exit ? undefined : this.#started?.process.pid,
      signal: exitCode !== undefined && exitCode > 128 && exitCode < 192 ? exitCode - 128 : undefined,
      ...this.#exit,
    };
  }

  /** Launches the shim; resolves when the workload runs. Rejects with START_FAILED. Calls after the first share its outcome. */
  start(): Promise<void> {
    this.#starting ??= this.#start();
    return this.#starting;
  }

  async #start(): Promise<void> {
    this.#watch();
    try {
      const shim = await this.#context.launcher.launch({
        argv: ['/bin/sh', './shim.sh'],
        env: { PATH: shellPath },
        workingDir: this.directory,
        stdoutPath: join(this.directory, 'shim.log'),
        stderrPath: join(this.directory, 'shim.log'),
      });
      void shim.exited.then(() => this.check());
    } catch (error) {
      this.failToStart(errorMessage(error));
    }
    while (this.state === 'created') await this.#changed();
    if (this.#exit && (!this.#started || this.#exit.reason === 'StartError')) {
      throw new RuntimeError('START_FAILED', this.#exit.message ?? 'the container could not be started');
    }
  }

  /** Records that the container can't be started. */
  failToStart(message: string): void {
    writeFileSync(join(this.directory, 'shim.log'), `${message}\n`, { mode: 0o600 });
    writeFileSync(join(this.directory, 'exit'), `${startErrorCode}\n`, { mode: 0o600 });
    this.check();
  }

  /** TERM, then KILL after `graceMs`; resolves when it has exited. */
  async stop(graceMs: number): Promise<void> {
    // A start under way can't be taken back, only ended.
    await this.#starting?.catch(() => {});
    if (this.state !== 'running') return;
    if (graceMs > 0) {
      this.signal('SIGTERM');
      await this.#exitedWithin(graceMs);
    }
    await this.kill();
  }

  /** Kills all of it; resolves when it has exited. */
  async kill(): Promise<void> {
    // Without a cgroup only the tree of processes tells what belongs to it: a terminal's have sessions of their own.
    if (this.state === 'running' && isAlive(this.#started!.process)) killTree(this.#started!.process.pid);
    await this.cgroup.killAll();
    while (this.state === 'running') {
      // A process may be in the kernel, or the shim about to write; and without a shim only a look tells.
      await this.#exitedWithin(lookAgainMs);
      this.check();
    }
  }

  /** To the process group of the workload. */
  signal(signal: NodeJS.Signals): void {
    const workload = this.#started?.process;
    if (this.#exit || !workload || !isAlive(workload)) return;
    // Before it made its own group there is only the process itself.
    if (!tryKill(-workload.pid, signal)) tryKill(workload.pid, signal);
  }

  async exec(command: readonly string[], options: ExecOptions): Promise<ExecResult> {
    return runScript(this.#context.clock, this.#execRequest({ command, stdin: false, tty: false }), options);
  }

  async startExec(command: readonly string[], options: StartExecOptions): Promise<StdioSession> {
    const { stdin = false, tty = false, size } = options;
    const request = this.#execRequest({ command, stdin, tty, ...(size ? { size } : {}) });
    const session = await startScript(this.#context.clock, { ...request, stdin, tty });
    void session.exited.then(this.#onExit(() => session.close()));
    return session;
  }

  /** The end of the container is the end of the session. */
  attach(options: AttachOptions): StdioSession {
    this.#assertRunning();
    const { config } = this.record;
    this.#resizer ??= new TerminalResizer(this.#context.clock, this.#started!.process.pid);
    return attachTo({
      directory: this.directory,
      config,
      log: this.log,
      stdin: options.stdin === true,
      resizer: this.#resizer,
      onExit: (listener) => this.#onExit(listener),
      // The shim keeps the input open until it is told that the one attachment is over.
      endInput: () => this.state === 'running' && isAlive(this.#shim!) && tryKill(this.#shim!.pid, 'SIGUSR1'),
    });
  }

  #execRequest(program: Program): Omit<ExecRequest, 'stdin' | 'tty'> {
    this.#assertRunning();
    const input = this.#context.scriptInput(this.record, this.cgroup);
    return {
      script: execScript(input),
      input: workloadScript(input, program),
      directory: this.directory,
      contained: this.cgroup.procsFiles.length > 0,
    };
  }

  #assertRunning(): void {
    if (this.state !== 'running') {
      throw new RuntimeError('NOT_RUNNING', `container ${this.record.id} is not running`);
    }
  }

  stats(): ContainerStats | undefined {
    if (this.state !== 'running') return undefined;
    const usage = this.cgroup.usage();
    const tree = processTree(this.#started!.process.pid, processesNow());
    const sum = (value: (stat: ProcessStat) => number): number => tree.reduce((total, stat) => total + value(stat), 0);
    const resident = sum((stat) => stat.residentPages) * pageBytes;
    return {
      timeMs: this.#context.clock.now(),
      cpuUsageNanoseconds: usage.cpuNanoseconds ?? (sum((stat) => stat.cpuTicks) * 1e9) / clockTicksPerSecond,
      memoryUsageBytes: usage.memoryBytes ?? resident,
      memoryWorkingSetBytes: usage.memoryWorkingSetBytes ?? resident,
      pids: usage.pids ?? tree.length,
    };
  }

  /** Looks at what the shim has written, and tells if the state has changed. */
  check(): void {
    if (this.#exit) return;
    this.#shim ??= parseIdentity(this.#readFile('shim') ?? '');
    this.#exit = this.#readExit();
    if (!this.#started) {
      const workload = parseIdentity(this.#readFile('pid') ?? '');
      if (workload) {
        this.#started = { process: workload, startedAtMs: this.#fileTime('pid') };
        this.#announce('started');
      }
    }
    if (!this.#exit && this.#shim && !isAlive(this.#shim)) this.#exit = this.#readExit() ?? this.#lost();
    if (this.#exit) this.#exited();
  }

  /** Stops following; the container goes on. */
  close(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
    this.log.close();
  }

  #exited(): void {
    this.log.finish();
    this.#watcher?.close();
    this.#watcher = undefined;
    this.#resizer?.close();
    for (const listener of this.#exitListeners) listener(this.#exit!.exitCode);
    this.#exitListeners.clear();
    // What is left of it must be gone before anybody starts the next.
    void this.cgroup.killAll().then(() => this.#announce('exited'));
  }

  #announce(type: 'started' | 'exited'): void {
    this.#wake();
    this.#context.onEvent(this, type);
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => this.#waiters.add(resolve));
  }

  /** Calls `listener` with the exit code. Returns what takes that back. */
  #onExit(listener: (exitCode: number) => void): () => void {
    if (this.#exit) listener(this.#exit.exitCode);
    else this.#exitListeners.add(listener);
    return () => this.#exitListeners.delete(listener);
  }

  async #exitedWithin(timeMs: number): Promise<void> {
    const { clock } = this.#context;
    const deadline = clock.monotonic() + timeMs;
    while (this.state === 'running' && clock.monotonic() < deadline) {
      const woken = this.#changed();
      const timer = clock.setTimer(deadline - clock.monotonic(), () => this.#wake());
      await woken;
      timer.cancel();
    }
  }

  #wake(): void {
    for (const wake of this.#waiters) wake();
    this.#waiters.clear();
  }

  #watch(): void {
    this.#watcher ??= watch(this.directory, { persistent: false }, (_, file) => {
      // No name: events were lost.
      if (file === 'output.log' || file === null) this.log.changed();
      if (file === 'exit' || file === 'pid' || file === null) this.check();
    });
    // What happened before the watch.
    this.log.changed();
    this.check();
  }

  #readExit(): Exit | undefined {
    const text = this.#readFile('exit');
    if (text === undefined || !text.endsWith('\n')) return undefined;
    const exitCode = Number.parseInt(text, 10);
    const finishedAtMs = this.#fileTime('exit');
    const message = this.#readFile('shim.log')?.trim() || undefined;
    if (exitCode === startErrorCode && message) return { exitCode, finishedAtMs, reason: 'StartError', message };
    if (exitCode === 0) return { exitCode, finishedAtMs, reason: 'Completed' };
    return { exitCode, finishedAtMs, reason: this.cgroup.oomKills() > 0 ? 'OOMKilled' : 'Error' };
  }

  /**
   * The shim is gone without a word: killed, or the machine went down. The workload, if it still lives, stays what it
   * is; else nobody knows how it ended.
   */
  #lost(): Exit | undefined {
    if (this.#started && isAlive(this.#started.process)) return undefined;
    return {
      exitCode: 137,
      finishedAtMs: this.#context.clock.now(),
      reason: 'ContainerStatusUnknown',
      message: 'The container could not be located when its end was looked for',
    };
  }

  #readFile(name: string): string | undefined {
    try {
      return readFileSync(join(this.directory, name), 'utf8');
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
  }

  #fileTime(name: string): number {
    return Math.floor(statSync(join(this.directory, name)).mtimeMs);
  }
}
