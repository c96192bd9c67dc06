import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  type Clock,
  errorMessage,
  type Launcher,
  type Logger,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
  type Timer,
} from '../base/index.ts';
import { type Cgroup, type CgroupManager, detectCgroups } from './cgroup/index.ts';
import { Container, type ContainerContext } from './container.ts';
import type { LogLimits } from './container-log.ts';
import { RuntimeError } from './errors.ts';
import { shellPath } from './exec.ts';
import { detectFeatures, type Features, noNewPrivileges } from './features.ts';
import { startProblem } from './find-program.ts';
import { systemLauncher } from './launcher.ts';
import { mountScript } from './mounts.ts';
import { makeFifos } from './pipes.ts';
import { readLog } from './read-log.ts';
import { type ContainerRecord, readRecord, type SandboxRecord, writeRecord } from './record.ts';
import { type ScriptInput, setprivCommand, shimScript, unprivilegedShell, workloadScript } from './scripts.ts';
import type {
  AttachOptions,
  ContainerConfig,
  ContainerFilter,
  ContainerStats,
  ContainerStatus,
  ExecOptions,
  ExecResult,
  ImageStatus,
  LogOptions,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  RuntimeVersion,
  SandboxConfig,
  SandboxStatus,
  StartExecOptions,
  StdioSession,
} from './types.ts';

export interface ProcessRuntimeOptions {
  /** Holds all state, with secrets of pods: made for the owner only. One runtime at a time. */
  stateDir: string;
  /** PATH of containers that set none. */
  defaultPath?: string;
  logLimits?: LogLimits;
  /** Default: what `detectCgroups` finds. */
  cgroups?: CgroupManager;
  /** Default: what the machine lets this process do. */
  features?: Features;
  clock?: Clock;
  random?: Random;
  launcher?: Launcher;
  logger?: Logger;
}

/** The only image: the node's own file system. */
const hostImage = 'host';
const shimGroup = 'shims';
/** How often containers are looked at whose end no event told. */
const lookAgainMs = 2000;

/** Opens the rootless runtime on its state directory, and adopts the containers that are there. */
export async function openProcessRuntime(options: ProcessRuntimeOptions): Promise<Runtime> {
  const stateDir = resolve(options.stateDir);
  const cgroups =
    options.cgroups ??
    detectCgroups({ name: `keelson-${createHash('sha256').update(stateDir).digest('hex').slice(0, 12)}` });
  const features = options.features ?? (await detectFeatures(process.getuid!(), process.getgid!()));
  return new ProcessRuntime({ ...options, stateDir }, cgroups, features);
}

/** Containers are plain processes of this machine, with their limits in control groups where these can be had. */
class ProcessRuntime implements Runtime {
  readonly #stateDir: string;
  readonly #defaultPath: string;
  readonly #cgroups: CgroupManager;
  readonly #features: Features;
  readonly #isRoot = process.getuid!() === 0;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #context: ContainerContext;
  readonly #sandboxes = new Map<string, SandboxRecord>();
  readonly #containers = new Map<string, Container>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  readonly #ticker: Timer;
  #closed = false;

  constructor(options: ProcessRuntimeOptions, cgroups: CgroupManager, features: Features) {
    this.#stateDir = options.stateDir;
    this.#defaultPath = options.defaultPath ?? shellPath;
    this.#cgroups = cgroups;
    this.#features = features;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? systemRandom;
    this.#logger = options.logger ?? silentLogger;
    this.#context = {
      clock: this.#clock,
      launcher: options.launcher ?? systemLauncher,
      logLimits: options.logLimits,
      imageId: hostImage,
      scriptInput: (record, cgroup) => this.#scriptInput(record, cgroup),
      onEvent: (container, type) => this.#emit(container, type),
    };
    this.#adopt();
    this.#ticker = this.#clock.setTicker(lookAgainMs, () => {
      for (const container of this.#containers.values()) if (container.state === 'running') container.check();
    });
  }

  version(): RuntimeVersion {
    const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    return { name: 'keelson', version: (JSON.parse(text) as { version: string }).version };
  }

  info(): RuntimeInfo {
    const { version, controllers, reason } = this.#cgroups;
    return {
      mode: 'rootless',
      cgroups: { version, controllers: [...controllers], reason },
      namespaces: [],
      mounts: this.#features.mountNamespace !== undefined,
      noNewPrivileges: this.#features.setpriv,
      runAsUser: this.#isRoot && this.#features.setpriv,
      terminals: this.#features.terminals,
    };
  }

  async imageStatus(image: string): Promise<ImageStatus | undefined> {
    return image === hostImage ? { image, imageId: hostImage, command: ['sh'] } : undefined;
  }

  async pullImage(image: string): Promise<ImageStatus> {
    const status = await this.imageStatus(image);
    if (status) return status;
    throw new RuntimeError(
      'IMAGE_NOT_FOUND',
      `image "${image}" not found: this node runs only the image "${hostImage}", its own file system`,
    );
  }

  async createSandbox(config: SandboxConfig): Promise<string> {
    this.#assertOpen();
    const record = { id: this.#newId(), createdAtMs: this.#clock.now(), config, stopped: false };
    this.#saveSandbox(record);
    return record.id;
  }

  async stopSandbox(id: string): Promise<void> {
    const record = this.#sandboxes.get(id);
    if (!record) return;
    await Promise.all(this.#containersOf(id).map((container) => container.kill()));
    if (!record.stopped) this.#saveSandbox({ ...record, stopped: true });
  }

  async removeSandbox(id: string): Promise<void> {
    const record = this.#sandboxes.get(id);
    if (!record) return;
    await this.stopSandbox(id);
    await Promise.all(this.#containersOf(id).map((container) => this.removeContainer(container.record.id)));
    this.#sandboxes.delete(id);
    rmSync(this.#sandboxPath(id), { force: true });
    this.#cgroups.remove(podGroup(record.config.podUid));
    if (this.#sandboxes.size === 0) this.#cgroups.remove(shimGroup);
  }

  listSandboxes(): SandboxStatus[] {
    return [...this.#sandboxes.values()].map(({ id, config, createdAtMs, stopped }) => ({
      id,
      config,
      createdAtMs,
      state: stopped ? 'notReady' : 'ready',
    }));
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    this.#assertOpen();
    const sandbox = this.#sandboxes.get(sandboxId);
    if (!sandbox) throw new RuntimeError('SANDBOX_NOT_FOUND', `sandbox ${sandboxId} not found`);
    await this.pullImage(config.image);
    this.#assertSupported(config);
    const id = this.#newId();
    const directory = this.#containerPath(id);
    const { podUid, hostname } = sandbox.config;
    const { resources } = config;
    const cgroup = this.#cgroups.create(`${podGroup(podUid)}/${id}`, {
      memoryBytes: resources?.memoryLimitBytes,
      cpuMillicores: resources?.cpuLimitMillicores,
      cpuRequestMillicores: resources?.cpuRequestMillicores,
      pids: resources?.pidsLimit,
    });
    const createdAtMs = this.#clock.now();
    const record: ContainerRecord = {
      id,
      sandboxId,
      podUid,
      hostname,
      createdAtMs,
      config,
      cgroup: cgroup.location,
    };
    const input = this.#scriptInput(record, cgroup);
    mkdirSync(directory, { mode: 0o700 });
    const write = (name: string, text: string): void => writeFileSync(join(directory, name), text, { mode: 0o600 });
    write('shim.sh', shimScript(input));
    write('workload.sh', workloadScript(input));
    write('output.log', '');
    if (config.stdin) await makeFifos([join(directory, 'stdin')]);
    if (config.mounts?.length) write('mounts.sh', mountScript(config.mounts, this.#afterMounts(input)));
    // Last: a container is one that has its record.
    writeRecord(join(directory, 'container.json'), record);
    this.#containers.set(id, new Container(directory, record, this.#context));
    return id;
  }

  async startContainer(id: string): Promise<void> {
    this.#assertOpen();
    const container = this.#get(id);
    const problem = container.state === 'created' ? this.#startProblem(container.record.config) : undefined;
    if (problem) container.failToStart(problem);
    await container.start();
  }

  async stopContainer(id: string, graceMs: number): Promise<void> {
    await this.#containers.get(id)?.stop(graceMs);
  }

  async killContainer(id: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const container = this.#containers.get(id);
    if (signal === 'SIGKILL') await container?.kill();
    else container?.signal(signal);
  }

  async removeContainer(id: string): Promise<void> {
    const container = this.#containers.get(id);
    if (!container) return;
    await container.stop(0);
    this.#containers.delete(id);
    container.close();
    container.cgroup.remove();
    this.#removeDirectory(container.directory);
  }

  listContainers({ sandboxId, podUid }: ContainerFilter = {}): ContainerStatus[] {
    const statuses: ContainerStatus[] = [];
    for (const container of this.#containers.values()) {
      const { record } = container;
      if (sandboxId !== undefined && record.sandboxId !== sandboxId) continue;
      if (podUid !== undefined && record.podUid !== podUid) continue;
      statuses.push(container.status());
    }
    return statuses;
  }

  containerStatus(id: string): ContainerStatus | undefined {
    return this.#containers.get(id)?.status();
  }

  async exec(id: string, command: readonly string[], options: ExecOptions = {}): Promise<ExecResult> {
    return this.#get(id).exec(command, options);
  }

  async startExec(id: string, command: readonly string[], options: StartExecOptions = {}): Promise<StdioSession> {
    if (options.tty) this.#assertTerminals();
    const container = this.#get(id);
    const problem = this.#startProblem({ ...container.record.config, command });
    if (problem) throw new RuntimeError('START_FAILED', `unable to start container process: ${problem}`);
    return container.startExec(command, options);
  }

  async attach(id: string, options: AttachOptions = {}): Promise<StdioSession> {
    return this.#get(id).attach(options);
  }

  async *readLogs(id: string, options: LogOptions = {}): AsyncIterable<Uint8Array> {
    yield* readLog(this.#get(id).log, options);
  }

  containerStats(id: string): ContainerStats | undefined {
    return this.#containers.get(id)?.stats();
  }

  onEvent(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#ticker.cancel();
    this.#listeners.clear();
    for (const container of this.#containers.values()) container.close();
  }

  /** Reads the state directory. What an earlier process left half made or half removed goes. */
  #adopt(): void {
    const sandboxes = join(this.#stateDir, 'sandboxes');
    const containers = join(this.#stateDir, 'containers');
    for (const directory of [this.#stateDir, sandboxes, containers]) {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
    }
    for (const file of readdirSync(sandboxes)) {
      if (!file.endsWith('.json')) continue;
      const record = readRecord<SandboxRecord>(join(sandboxes, file));
      this.#sandboxes.set(record.id, record);
    }
    for (const id of readdirSync(containers)) {
      const directory = join(containers, id);
      const recordPath = join(directory, 'container.json');
      if (!existsSync(recordPath)) {
        this.#removeDirectory(directory);
        continue;
      }
      const container = new Container(directory, readRecord<ContainerRecord>(recordPath), this.#context);
      this.#containers.set(id, container);
      this.#logger.info({ containerId: id, state: container.state }, 'container adopted');
    }
  }

  #scriptInput(record: ContainerRecord, cgroup: Cgroup): ScriptInput {
    const { config, hostname } = record;
    const { mountNamespace, setpriv } = this.#features;
    const uid = config.user?.uid ?? (this.#isRoot ? undefined : process.getuid!());
    return {
      config,
      hostname,
      defaultPath: this.#defaultPath,
      home: uid === 0 ? '/root' : '/',
      procsFiles: cgroup.procsFiles,
      shimProcsFiles: this.#shimProcsFiles(),
      dropPrivileges: !setpriv ? [] : this.#isRoot ? setprivCommand(config.user) : noNewPrivileges,
      mountNamespace: config.mounts?.length ? mountNamespace! : [],
    };
  }

  #afterMounts({ dropPrivileges }: ScriptInput): string {
    return unprivilegedShell([...this.#features.afterMounts, ...dropPrivileges]);
  }

  /**
   * With version 2, whoever stops the service that the peer runs in kills all of that group: a shim in a group of its
   * own stays, and its container with it.
   */
  #shimProcsFiles(): readonly string[] {
    return this.#cgroups.version === 'v2' ? this.#cgroups.create(shimGroup, {}).procsFiles : [];
  }

  #startProblem(config: ContainerConfig): string | undefined {
    const path = config.env.findLast(({ name }) => name === 'PATH')?.value ?? this.#defaultPath;
    return startProblem(config, path);
  }

  #assertTerminals(): void {
    if (this.#features.terminals) return;
    throw new RuntimeError(
      'NOT_SUPPORTED',
      'terminals need the program "script" (of util-linux), which this node lacks',
    );
  }

  #assertSupported({ user, mounts, tty }: ContainerConfig): void {
    if (tty) this.#assertTerminals();
    if (mounts?.length && !this.#features.mountNamespace) {
      throw new RuntimeError('NOT_SUPPORTED', 'mounts need mount namespaces, which this node does not allow');
    }
    const own = process.getuid!();
    if (user?.uid !== undefined && user.uid !== own && !this.info().runAsUser) {
      throw new RuntimeError(
        'NOT_SUPPORTED',
        `container can't run as user ${user.uid}: this node runs containers as user ${own} only`,
      );
    }
  }

  #emit({ record }: Container, type: RuntimeEvent['type']): void {
    const event = { type, containerId: record.id, sandboxId: record.sandboxId, podUid: record.podUid };
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#logger.error({ error: errorMessage(error), ...event }, 'a listener of runtime events failed');
      }
    }
  }

  #get(id: string): Container {
    const container = this.#containers.get(id);
    if (!container) throw new RuntimeError('CONTAINER_NOT_FOUND', `container ${id} not found`);
    return container;
  }

  #containersOf(sandboxId: string): Container[] {
    return [...this.#containers.values()].filter((container) => container.record.sandboxId === sandboxId);
  }

  #saveSandbox(record: SandboxRecord): void {
    writeRecord(this.#sandboxPath(record.id), record);
    this.#sandboxes.set(record.id, record);
  }

  #sandboxPath(id: string): string {
    return join(this.#stateDir, 'sandboxes', `${id}.json`);
  }

  #containerPath(id: string): string {
    return join(this.#stateDir, 'containers', id);
  }

  /** The record goes first: what is left without it is rubbish, never a container that could be started again. */
  #removeDirectory(directory: string): void {
    rmSync(join(directory, 'container.json'), { force: true });
    rmSync(directory, { recursive: true, force: true });
  }

  #newId(): string {
    return Buffer.from(this.#random.bytes(32)).toString('hex');
  }

  #assertOpen(): void {
    if (this.#closed) throw new RuntimeError('RUNTIME_CLOSED', 'the runtime is closed');
  }
}

function podGroup(podUid: string): string {
  return `pod${podUid}`;
}
