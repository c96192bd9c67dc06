/** Between two peers, in one direction. */
export type Link = readonly [from: number, to: number];

/** What is wrong with the network between the peers; clients always reach each of them. */
export interface NetworkFaults {
  /** Nothing passes. */
  blocked?: readonly Link[];
  /** This share of all packets is lost, in percent; below 100. */
  lossPercent?: number;
  /** What is sent arrives so much later, and up to half as much again. */
  delayMs?: number;
}

/** The network between peers that are processes of this machine. */
export interface Network {
  readonly name: 'namespaces' | 'proxies';
  /** Which faults it can produce, besides blocked links. */
  readonly can: { loss: boolean; delay: boolean; reset: boolean };
  /** Where the peer listens, and clients find it. */
  address(peer: number): PeerAddress;
  /** Where `from` finds the Raft port of `to`. */
  route(from: number, to: number): { host: string; port: number };
  /** What goes before the command that starts the peer. */
  launcher(peer: number): readonly string[];
  /** Replaces the faults there are; none: all is well. */
  set(faults: NetworkFaults): Promise<void>;
  /** Breaks all connections between peers. */
  reset(): void;
  close(): Promise<void>;
}

export interface PeerAddress {
  host: string;
  apiPort: number;
  peerPort: number;
  /** Of etcd's API, where it is served. */
  etcdPort: number;
}

export function linkName([from, to]: Link): string {
  return `${from}>${to}`;
}
