import type { Store } from '../src/store/index.ts';
import type { Network } from './network/network.ts';

/** Servers of one replicated store, each a process, that can be maltreated: Keelson's peers, or others to compare them with. */
export interface Target {
  readonly ids: readonly number[];
  readonly network: Network;
  /** Servers that ended though nobody had asked them to. */
  readonly deaths: readonly string[];
  /** Where its Kubernetes API is; absent: it has none. */
  readonly kubernetes?: KubernetesAccess;
  /** SIGKILL; resolves when the process is gone. */
  kill(id: number): Promise<void>;
  /** SIGSTOP. */
  pause(id: number): void;
  resume(id: number): void;
  /** Starts the server again, if it does not run; resolves when it serves. */
  restart(id: number): Promise<void>;
  /** What a server says of itself; undefined while it does not answer. */
  status(id: number): Promise<ServerStatus | undefined>;
  /** A client that goes to these servers, in this order, and waits no longer than this for an answer. */
  connect(ids: readonly number[], timeoutMs: number): Promise<Store>;
  /** The last lines of a server's log. */
  logTail(id: number): string;
  /** Ends and removes all of it. */
  stop(): Promise<void>;
}

export interface KubernetesAccess {
  servers: readonly string[];
  /** PEM texts. */
  tls: { ca: string; cert: string; key: string };
}

export interface ServerStatus {
  term: number;
  /** Whom it takes for the leader; 0: nobody. */
  leader: number;
}
