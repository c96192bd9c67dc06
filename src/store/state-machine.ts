import { AssertionError, type Clock, KeelsonError } from '../base/index.ts';
import type { StateMachine } from '../replica/index.ts';
import {
  CHECK,
  COMPACT,
  type Command,
  DELETE,
  LEASE_EXPIRE,
  LEASE_GRANT,
  LEASE_KEEP_ALIVE,
  LEASE_REVOKE,
  PUT,
  REPORT,
  TXN,
} from './command.ts';
import { StateDivergedError } from './errors.ts';
import { Keyspace } from './keyspace.ts';
import { type Lease, LeaseTable } from './leases.ts';
import { readSnapshot, writeSnapshot } from './snapshot.ts';
import { runDelete, runPut, runTxn } from './transaction.ts';
import { WatchHub } from './watch.ts';

/** Compacted writes whose memory is given back after each batch of commands. */
const CLEAN_AT_ONCE = 4096;

/** What a store's own duties on this peer are told; nothing here is replicated. */
export interface StateObserver {
  onGrant(lease: Lease): void;
  onRestore(): void;
  onApplied(): void;
  onCheck(id: number): void;
  /** Throws STATE_DIVERGED, which ends the peer. */
  onReport(check: number, peer: number, hash: number): void;
}

/** The store's replicated state: applies commands, which `command.ts` lists, and feeds the watches. */
export class StoreStateMachine implements StateMachine {
  readonly #clock: Clock;
  #keyspace = new Keyspace();
  #leases: LeaseTable;
  readonly watches: WatchHub;
  observer: StateObserver | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#leases = new LeaseTable(clock);
    this.watches = new WatchHub(clock, this.#keyspace);
  }

  get keyspace(): Keyspace {
    return this.#keyspace;
  }

  get leases(): LeaseTable {
    return this.#leases;
  }

  /** Results are what the `Store` methods return; an expected failure is returned as a KeelsonError. */
  apply(commands: readonly unknown[]): unknown[] {
    const results = commands.map((command) => {
      try {
        return this.#run(command as Command);
      } catch (error) {
        if (error instanceof KeelsonError && !(error instanceof StateDivergedError)) return error;
        throw error;
      }
    });
    this.#keyspace.clean(CLEAN_AT_ONCE);
    this.observer?.onApplied();
    return results;
  }

  snapshot(): AsyncIterable<Uint8Array> {
    return writeSnapshot(this.#keyspace, this.#leases);
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const { keyspace, leases } = await readSnapshot(chunks, this.#clock);
    this.#keyspace = keyspace;
    this.#leases = leases;
    this.watches.reset(keyspace);
    this.observer?.onRestore();
  }

  #run(command: Command): unknown {
    const keyspace = this.#keyspace;
    const leases = this.#leases;
    switch (command[0]) {
      case PUT:
        runPut(keyspace, leases, command);
        return { revision: this.#commit() };
      case DELETE: {
        const deleted = runDelete(keyspace, leases, command[1], command[2]).length;
        return { revision: this.#commit(), deleted };
      }
      case TXN: {
        const result = runTxn(keyspace, leases, command);
        this.#commit();
        return result;
      }
      case LEASE_GRANT: {
        const lease = leases.grant(command[1], command[2]);
        this.observer?.onGrant(lease);
        return { id: lease.id, ttl: lease.ttl };
      }
      case LEASE_REVOKE:
        return { revision: this.#revoke(leases.require(command[1])) };
      case LEASE_KEEP_ALIVE:
        return { ttl: leases.keepAlive(command[1]).ttl };
      case LEASE_EXPIRE: {
        const lease = leases.get(command[1]);
        // Refreshed, or granted anew, since the sender looked: it must live.
        if (lease?.generation !== command[2]) return false;
        this.#revoke(lease);
        return true;
      }
      case COMPACT:
        keyspace.compact(command[1]);
        return undefined;
      case CHECK:
        this.observer?.onCheck(command[1]);
        return undefined;
      case REPORT:
        this.observer?.onReport(command[1], command[2], command[3]);
        return undefined;
      default:
        // Written by a later version: this peer must not go on with a state that differs from the others'.
        throw new AssertionError(`unknown command ${(command as unknown[])[0]} in the log: upgrade this peer`);
    }
  }

  /** Commits what is staged, tells the watches, and returns the revision. */
  #commit(): number {
    const versions = this.#keyspace.commit();
    if (versions.length > 0) this.watches.publish(versions);
    return this.#keyspace.revision;
  }

  /** Deletes the lease and its keys, at one revision. */
  #revoke(lease: Lease): number {
    this.#leases.remove(lease.id);
    for (const key of [...lease.keys].sort()) this.#keyspace.delete(key);
    return this.#commit();
  }
}
