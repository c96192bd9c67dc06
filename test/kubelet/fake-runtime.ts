import { PassThrough } from 'node:stream';
import { type Clock, KeelsonError } from '../../src/base/index.ts';
import type {
  ContainerConfig,
  ContainerFilter,
  ContainerStatus,
  ExecResult,
  ImageStatus,
  Runtime,
  RuntimeEvent,
  RuntimeInfo,
  SandboxConfig,
  SandboxStatus,
  StartExecOptions,
  StdioSession,
  TerminalSize,
} from '../../src/runtime/index.ts';

/** A runtime without processes: containers end when a test says so. */
export class FakeRuntime implements Runtime {
  readonly clock: Clock;
  readonly sandboxes = new Map<string, SandboxStatus>();
  readonly containers = new Map<string, { status: ContainerStatus; config: ContainerConfig }>();
  /** What was done, in order: `start main`, `stop main 30000`, … */
  readonly calls: string[] = [];
  readonly images = new Set(['host']);
  /** Makes the start of a container fail. */
  startError: string | undefined;
  /** Whether containers end when they are stopped. */
  stops = true;
  execResult: ExecResult = { exitCode: 0, stdout: '', stderr: '' };
  /** Of `startExec` and `attach`. */
  readonly sessions: FakeSession[] = [];
  onSession: (session: FakeSession) => void = () => {};
  #ids = 0;
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();

  constructor(clock: Clock) {
    this.clock = clock;
  }

  /** The newest container of that name. */
  named(name: string): { status: ContainerStatus; config: ContainerConfig } {
    const found = [...this.containers.values()].filter((container) => container.status.name === name).at(-1);
    if (!found) throw new Error(`no container ${name}`);
    return found;
  }

  exit(
    name: string,
    exitCode: number,
    reason: ContainerStatus['reason'] = exitCode === 0 ? 'Completed' : 'Error',
  ): void {
    const { status } = this.named(name);
    if (status.state !== 'running') throw new Error(`${name} does not run`);
    this.#exit(status, exitCode, reason);
  }

  #exit(status: ContainerStatus, exitCode: number, reason: ContainerStatus['reason']): void {
    Object.assign(status, { state: 'exited', exitCode, reason, finishedAtMs: this.clock.now(), pid: undefined });
    this.#emit(status, 'exited');
  }

  version() {
    return { name: 'keelson', version: '1.2.3' };
  }

  info(): RuntimeInfo {
    return {
      mode: 'rootless',
      cgroups: { version: 'v2', controllers: ['memory', 'cpu', 'pids'] },
      namespaces: [],
      mounts: true,
      noNewPrivileges: true,
      runAsUser: false,
      terminals: true,
    };
  }

  async imageStatus(image: string): Promise<ImageStatus | undefined> {
    return this.images.has(image) ? { image, imageId: image } : undefined;
  }

  async pullImage(image: string): Promise<ImageStatus> {
    this.calls.push(`pull ${image}`);
    if (!this.images.has(image)) throw new KeelsonError('IMAGE_NOT_FOUND', `image "${image}" not found`);
    return { image, imageId: image };
  }

  async createSandbox(config: SandboxConfig): Promise<string> {
    const id = `sandbox-${++this.#ids}`;
    this.sandboxes.set(id, { id, config, state: 'ready', createdAtMs: this.clock.now() });
    return id;
  }

  async stopSandbox(id: string): Promise<void> {
    const sandbox = this.sandboxes.get(id);
    if (!sandbox) return;
    for (const { status } of this.containers.values())
      if (status.sandboxId === id) await this.stopContainer(status.id, 0);
    sandbox.state = 'notReady';
  }

  async removeSandbox(id: string): Promise<void> {
    await this.stopSandbox(id);
    for (const { status } of this.containers.values()) if (status.sandboxId === id) this.containers.delete(status.id);
    this.sandboxes.delete(id);
    this.calls.push(`remove ${id}`);
  }

  listSandboxes(): SandboxStatus[] {
    return [...this.sandboxes.values()];
  }

  async createContainer(sandboxId: string, config: ContainerConfig): Promise<string> {
    const sandbox = this.sandboxes.get(sandboxId);
    if (!sandbox) throw new KeelsonError('SANDBOX_NOT_FOUND', 'no sandbox');
    const id = `container-${++this.#ids}`;
    const { name, attempt, image, annotations = {} } = config;
    const { podUid } = sandbox.config;
    const createdAtMs = this.clock.now();
    const status: ContainerStatus = {
      id,
      sandboxId,
      podUid,
      name,
      attempt,
      image,
      imageId: image,
      annotations,
      state: 'created',
      createdAtMs,
    };
    this.containers.set(id, { status, config });
    return id;
  }

  async startExec(id: string, command: readonly string[], options: StartExecOptions = {}): Promise<StdioSession> {
    this.calls.push(`exec ${this.containers.get(id)!.status.name} ${command.join(' ')}`);
    return this.#open(options.stdin === true, options.tty === true);
  }

  async attach(id: string, { stdin = false }: { stdin?: boolean } = {}): Promise<StdioSession> {
    const { status, config } = this.containers.get(id)!;
    this.calls.push(`attach ${status.name}`);
    return this.#open(stdin, config.tty === true);
  }

  #open(stdin: boolean, tty: boolean): FakeSession {
    const session = new FakeSession(stdin, tty);
    this.sessions.push(session);
    this.onSession(session);
    return session;
  }

  async startContainer(id: string): Promise<void> {
    const { status } = this.containers.get(id)!;
    this.calls.push(`start ${status.name}`);
    const at = this.clock.now();
    if (this.startError !== undefined) {
      const message = this.startError;
      Object.assign(status, { state: 'exited', exitCode: 128, reason: 'StartError', finishedAtMs: at, message });
      this.#emit(status, 'exited');
      throw new KeelsonError('START_FAILED', message);
    }
    Object.assign(status, { state: 'running', startedAtMs: at, pid: 1000 + this.#ids });
    this.#emit(status, 'started');
  }

  async stopContainer(id: string, graceMs: number): Promise<void> {
    const status = this.containers.get(id)?.status;
    if (status?.state !== 'running') return;
    this.calls.push(`stop ${status.name} ${Math.round(graceMs)}`);
    while (!this.stops && status.state === 'running') await new Promise((resolve) => setImmediate(resolve));
    if (status.state === 'running') this.#exit(status, 143, 'Error');
  }

  async killContainer(id: string): Promise<void> {
    await this.stopContainer(id, 0);
  }

  async removeContainer(id: string): Promise<void> {
    this.containers.delete(id);
  }

  listContainers({ sandboxId, podUid }: ContainerFilter = {}): ContainerStatus[] {
    return [...this.containers.values()]
      .map(({ status }) => status)
      .filter((s) => (sandboxId ?? s.sandboxId) === s.sandboxId && (podUid ?? s.podUid) === s.podUid)
      .map((status) => ({ ...status }));
  }

  containerStatus(id: string): ContainerStatus | undefined {
    return this.containers.get(id)?.status;
  }

  async exec(id: string, command: readonly string[]): Promise<ExecResult> {
    this.calls.push(`exec ${this.containers.get(id)!.status.name} ${command.join(' ')}`);
    return this.execResult;
  }

  async *readLogs(id: string): AsyncIterable<Uint8Array> {
    yield Buffer.from(`log of ${this.containers.get(id)!.status.name}\n`);
  }

  containerStats() {
    return undefined;
  }

  onEvent(listener: (event: RuntimeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async close(): Promise<void> {}

  #emit({ id, sandboxId, podUid }: ContainerStatus, type: RuntimeEvent['type']): void {
    for (const listener of this.#listeners) listener({ type, containerId: id, sandboxId, podUid });
  }
}

/** Standard streams whose other side the test has. */
export class FakeSession implements StdioSession {
  readonly stdin: PassThrough | undefined;
  readonly stdout = new PassThrough();
  readonly stderr: PassThrough | undefined;
  readonly exited: Promise<number>;
  readonly sizes: TerminalSize[] = [];
  closed = false;
  readonly exit: (code: number) => void;

  constructor(stdin: boolean, tty: boolean) {
    this.stdin = stdin ? new PassThrough() : undefined;
    this.stderr = tty ? undefined : new PassThrough();
    const { promise, resolve } = Promise.withResolvers<number>();
    this.exited = promise;
    this.exit = (code) => {
      this.stdout.end();
      this.stderr?.end();
      resolve(code);
    };
  }

  resize(size: TerminalSize): void {
    this.sizes.push(size);
  }

  close(): void {
    this.closed = true;
  }
}
