/** Starts operating-system processes; injected so that a simulated node runs none. */
export interface Launcher {
  /**
   * Starts a process in a session and process group of its own, detached from this process:
   * it outlives it. Rejects with a code such as ENOENT or EACCES when it can't be started.
   */
  launch(request: LaunchRequest): Promise<LaunchedProcess>;
}

export interface LaunchRequest {
  /** Program and arguments; the program is looked up in PATH of `env` unless it holds a slash. */
  argv: readonly string[];
  env: Readonly<Record<string, string>>;
  workingDir: string;
  /** Files (created, appended) that standard output and error go to. */
  stdoutPath: string;
  stderrPath: string;
}

export interface LaunchedProcess {
  pid: number;
  /** Settles when the process has ended; only while the launching process lives. */
  exited: Promise<{ exitCode: number | null; signal: string | null }>;
}
