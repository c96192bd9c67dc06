import type { Readable, Writable } from 'node:stream';

/**
 * What a node needs from whatever runs containers: the spirit of Kubernetes' CRI, as one interface.
 * The kubelet holds no container state of its own: `listSandboxes` and `listContainers` are the truth,
 * also after a restart, since containers outlive the peer that started them.
 *
 * Errors are `KeelsonError`s with one of the `RuntimeErrorCode`s.
 */
export interface Runtime {
  version(): RuntimeVersion;
  /** What this runtime can and can't do on this machine. */
  info(): RuntimeInfo;

  /** Whether the image is on the node. */
  imageStatus(image: string): Promise<ImageStatus | undefined>;
  /** Makes the image present. Rejects with IMAGE_NOT_FOUND and the reason when it can't be had. */
  pullImage(image: string): Promise<ImageStatus>;

  createSandbox(config: SandboxConfig): Promise<string>;
  /** Kills what still runs in the sandbox and frees its resources. Idempotent. */
  stopSandbox(id: string): Promise<void>;
  /** Stops, then forgets the sandbox and its containers with their logs. Idempotent. */
  removeSandbox(id: string): Promise<void>;
  listSandboxes(): SandboxStatus[];

  /** Prepares a container (state `created`). Rejects with IMAGE_NOT_FOUND or SANDBOX_NOT_FOUND. */
  createContainer(sandboxId: string, config: ContainerConfig): Promise<string>;
  /**
   * Starts a created container; resolves when its process runs. Rejects with START_FAILED; the container
   * is then `exited` with reason `StartError`.
   */
  startContainer(id: string): Promise<void>;
  /**
   * TERM to the container's process group, then KILL to everything in it after `graceMs`. Resolves when
   * it has exited. Idempotent; a later call with a shorter grace shortens the wait.
   */
  stopContainer(id: string, graceMs: number): Promise<void>;
  /** Sends `signal` (default SIGKILL) to everything in the container. Idempotent. */
  killContainer(id: string, signal?: NodeJS.Signals): Promise<void>;
  /** Forgets an exited (or never started) container with its logs; a running one is killed first. Idempotent. */
  removeContainer(id: string): Promise<void>;
  listContainers(filter?: ContainerFilter): ContainerStatus[];
  containerStatus(id: string): ContainerStatus | undefined;

  /** Runs a command in the context of a running container and waits for it. Rejects with EXEC_TIMEOUT or NOT_RUNNING. */
  exec(id: string, command: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  /**
   * Starts a command in the context of a running container; its streams are the caller's to move. Rejects with NOT_RUNNING,
   * START_FAILED, or NOT_SUPPORTED where this node can't make a terminal.
   */
  startExec(id: string, command: readonly string[], options?: StartExecOptions): Promise<StdioSession>;
  /** Joins the standard streams of a running container. Rejects with NOT_RUNNING or CONTAINER_NOT_FOUND. */
  attach(id: string, options?: AttachOptions): Promise<StdioSession>;
  /** The container's output, in chunks. Rejects while iterating with CONTAINER_NOT_FOUND. */
  readLogs(id: string, options?: LogOptions): AsyncIterable<Uint8Array>;
  /** Resource use, or undefined when the container does not run. */
  containerStats(id: string): ContainerStats | undefined;

  /** Calls `listener` when a container starts or exits, adopted ones included. Returns a function that ends it. */
  onEvent(listener: (event: RuntimeEvent) => void): () => void;
  /** Lets go of all resources of this process. Containers keep running. Idempotent. */
  close(): Promise<void>;
}

export type RuntimeErrorCode =
  | 'IMAGE_NOT_FOUND'
  | 'SANDBOX_NOT_FOUND'
  | 'CONTAINER_NOT_FOUND'
  | 'NOT_RUNNING'
  | 'NOT_SUPPORTED'
  | 'START_FAILED'
  | 'EXEC_TIMEOUT'
  | 'RUNTIME_CLOSED'
  | 'STATE_CORRUPT';

export interface RuntimeVersion {
  /** The scheme of `containerID`s and of the node's `containerRuntimeVersion`: `keelson`. */
  name: string;
  version: string;
}

export interface RuntimeInfo {
  mode: 'rootless' | 'linux';
  cgroups: {
    version: 'v1' | 'v2' | 'hybrid' | 'none';
    /** Controllers in which limits are enforced; a limit of another is accepted but has no effect. */
    controllers: readonly CgroupController[];
    /** Why there are none, for people. */
    reason?: string;
  };
  /** Namespaces that each container gets. */
  namespaces: readonly string[];
  /** Whether containers can have mounts; else `createContainer` with mounts is refused. */
  mounts: boolean;
  /** Whether processes are barred from gaining privileges by set-uid programs. */
  noNewPrivileges: boolean;
  /** Whether containers may run as another user than the peer. */
  runAsUser: boolean;
  /** Whether containers and commands in them can have a terminal. */
  terminals: boolean;
}

export type CgroupController = 'memory' | 'cpu' | 'pids';

export interface ImageStatus {
  /** The reference as asked for. */
  image: string;
  /** What identifies its content. */
  imageId: string;
  /** What a container runs that names neither command nor arguments. */
  command?: readonly string[];
}

export interface SandboxConfig {
  podUid: string;
  namespace: string;
  name: string;
  /** 0 for the pod's first sandbox. */
  attempt?: number;
  hostname: string;
  ip: string;
  /** Kept with the sandbox, for whoever lists it. */
  annotations?: Readonly<Record<string, string>>;
}

export interface SandboxStatus {
  id: string;
  config: SandboxConfig;
  state: 'ready' | 'notReady';
  createdAtMs: number;
}

export interface ContainerConfig {
  name: string;
  /** How often this container of the pod was started before. */
  attempt: number;
  image: string;
  /** Program and arguments. */
  command: readonly string[];
  /** All of its environment, besides defaults for PATH, HOME and HOSTNAME. */
  env: readonly EnvVar[];
  /** Default `/`. */
  workingDir?: string;
  mounts?: readonly Mount[];
  resources?: ContainerResources;
  user?: ContainerUser;
  /** Standard input that can be attached to; else it is empty. */
  stdin?: boolean;
  /** It ends with the first attachment. */
  stdinOnce?: boolean;
  /** Standard streams are a terminal. */
  tty?: boolean;
  /** Kept with the container, for whoever lists it. */
  annotations?: Readonly<Record<string, string>>;
}

export interface EnvVar {
  name: string;
  value: string;
}

export interface Mount {
  hostPath: string;
  containerPath: string;
  readOnly?: boolean;
}

export interface ContainerResources {
  memoryLimitBytes?: number;
  /** 1000 is one CPU. Enforced over periods of 100 ms. */
  cpuLimitMillicores?: number;
  /** Share of the CPU under contention. */
  cpuRequestMillicores?: number;
  pidsLimit?: number;
  /** -1000 to 1000: how soon the kernel picks this container when memory of the node runs out. */
  oomScoreAdj?: number;
}

export interface ContainerUser {
  uid?: number;
  gid?: number;
  supplementalGroups?: readonly number[];
  /** Keep every capability and allow set-uid programs. */
  privileged?: boolean;
}

export interface ContainerFilter {
  sandboxId?: string;
  podUid?: string;
}

export interface ContainerStatus {
  id: string;
  sandboxId: string;
  podUid: string;
  name: string;
  attempt: number;
  image: string;
  imageId: string;
  annotations: Readonly<Record<string, string>>;
  state: 'created' | 'running' | 'exited';
  createdAtMs: number;
  /** When it runs or ran. */
  startedAtMs?: number;
  pid?: number;
  /** When it has exited. */
  finishedAtMs?: number;
  /** 128 + n when it was killed by signal n. */
  exitCode?: number;
  signal?: number;
  reason?: ExitReason;
  message?: string;
}

/** `ContainerStatusUnknown`: it is gone, and nobody was there to see how. */
export type ExitReason = 'Completed' | 'Error' | 'OOMKilled' | 'StartError' | 'ContainerStatusUnknown';

export interface ExecOptions {
  timeoutMs?: number;
  /** Kills the command; `exec` then rejects with the signal's reason. */
  signal?: AbortSignal;
  /** How much of the output is kept, each stream. Default 16 KiB. */
  outputLimitBytes?: number;
}

export interface ExecResult {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface StartExecOptions {
  /** Standard input; else it is empty. */
  stdin?: boolean;
  /** The standard streams are a terminal: output and errors come as one. */
  tty?: boolean;
  /** How large the terminal is from the start. */
  size?: TerminalSize;
}

export interface AttachOptions {
  /** Write to its standard input, when it has one. */
  stdin?: boolean;
}

export interface TerminalSize {
  columns: number;
  rows: number;
}

/** The standard streams of a command or container, while somebody holds them. */
export interface StdioSession {
  /** Ending it ends the input of a command, and of a container with `stdinOnce`. */
  stdin: Writable | undefined;
  stdout: Readable;
  /** Undefined where errors come with the output. */
  stderr: Readable | undefined;
  /** Without a terminal it has no effect. */
  resize(size: TerminalSize): void;
  /** The exit code, when the command or container has ended; there may still be output to read. */
  exited: Promise<number>;
  /** Lets go: a command is killed with all it started, a container goes on. Idempotent. */
  close(): void;
}

export interface LogOptions {
  /** Wait for more until the container exits. */
  follow?: boolean;
  /** Only the last lines of what is there. */
  tailLines?: number;
  sinceTimeMs?: number;
  /** At most that many bytes in all. */
  limitBytes?: number;
  /** Put an RFC 3339 time before each line. */
  timestamps?: boolean;
  signal?: AbortSignal;
}

export interface ContainerStats {
  timeMs: number;
  cpuUsageNanoseconds: number;
  memoryUsageBytes: number;
  /** Without page cache that can be dropped at once. */
  memoryWorkingSetBytes: number;
  pids: number;
}

export interface RuntimeEvent {
  type: 'started' | 'exited';
  containerId: string;
  sandboxId: string;
  podUid: string;
}
