import type { Storage, WriteBatch } from '../../src/replica/index.ts';
import { ownSoftware, type Software } from '../../src/simulation/index.ts';
import { type Planting, plant } from '../support/mutant.ts';

/** A peer with a bug: planted in a copy of the source, or a disk that does not do what it says. */
export type Mutation = Planting | { name: string; wrapStorage(storage: Storage): Storage };

export const mutations: readonly Mutation[] = [
  {
    name: 'earlier terms’ entries are committed by counting (§5.4.2)',
    file: 'raft/replication.ts',
    original: 'if (reached <= state.commit || state.log.term(reached) !== state.term) return;',
    replacement: 'if (reached <= state.commit || reached > state.log.lastIndex) return;',
  },
  {
    name: 'the pre-vote is dropped',
    file: 'raft/election.ts',
    original: "stand(state, 'pre-candidate');",
    replacement: 'startElection(state, false);',
  },
  {
    name: 'half of the voters is a majority',
    file: 'raft/quorum.ts',
    original: 'if (granted * 2 > voters.length)',
    replacement: 'if (granted * 2 >= voters.length)',
  },
  {
    name: 'a follower acknowledges before its log is durable',
    file: 'raft/follower.ts',
    original: 'state.out.sendAfterPersist(',
    replacement: 'state.out.send(',
  },
  {
    name: 'a read is answered without a round of heartbeats',
    file: 'raft/read-index.ts',
    original: 'peer === state.id ? reads.round :',
    replacement: 'peer > 0 ? reads.round :',
  },
  {
    name: 'a lease for reads never runs out',
    file: 'raft/lease.ts',
    original: 'now - this.#from < durationMs',
    replacement: 'now - this.#from < 300 * durationMs',
  },
  {
    name: 'two membership changes at once',
    file: 'raft/membership.ts',
    original: 'if (isJoint(configuration) || leading.changeIndex > commit) {',
    replacement: 'if (isJoint(configuration)) {',
  },
  {
    name: 'a configuration takes effect when the leader appends it',
    file: 'raft/membership.ts',
    original: 'leading.changeIndex = state.log.lastIndex;\n}',
    replacement: 'leading.changeIndex = state.log.lastIndex;\n  state.configuration = configuration;\n}',
  },
  { name: 'the vote is not persisted', wrapStorage: (storage) => altering(storage, forgetVote) },
  { name: 'the fsync is skipped', wrapStorage: (storage) => skippingSync(storage) },
  {
    name: 'an older copy of a store is let in by those that its last life did not meet',
    file: 'replica/known-peers.ts',
    original: 'return follows(credential, this.#notedLife(peer));',
    replacement: 'return this.#notedLife(peer) >= 0;',
  },
  {
    name: 'a repeated batch is applied again',
    file: 'replica/sessions.ts',
    original: "if (sequence <= last) return 'repeat';",
    replacement: "if (sequence <= last) return 'next';",
  },
  {
    name: 'a restarted peer forgets which batches it has applied',
    file: 'replica/apply-loop.ts',
    original: 'this.sessions.restore(first.value);',
    replacement: '',
  },
  {
    name: 'entries before the snapshot are applied again after a restart',
    file: 'replica/apply-loop.ts',
    original: '      await this.#stateMachine.restore(rest(chunks));\n      this.#position = position;',
    replacement:
      '      await this.#stateMachine.restore(rest(chunks));\n      this.#position = position;\n      const apply = this.#stateMachine.apply.bind(this.#stateMachine); let twice = true;\n      this.#stateMachine.apply = (commands, index) => { if (twice) { twice = false; apply(commands, index); } return apply(commands, index); };',
  },
  {
    name: 'a read does not wait until what it is to see is applied',
    file: 'replica/read-barriers.ts',
    original: 'if (index <= this.#applied) release(waiters);',
    replacement: 'if (index >= 0) release(waiters);',
  },
  {
    name: 'a stale read is served',
    file: 'store/store.ts',
    original: 'if (!request.serializable) await this.#replica.readBarrier();',
    replacement: '',
  },
  {
    name: 'a resumed watch leaves out a revision',
    file: 'store/watch.ts',
    original: 'history.positionOf(watcher.next)',
    replacement: 'history.positionOf(watcher.next + 1)',
  },
  {
    name: 'a watch misses what came with a snapshot',
    file: 'store/watch.ts',
    original: 'if (watcher.next > keyspace.revision) continue;',
    replacement: 'if (watcher.next > 0) continue;',
  },
  {
    name: 'a lease is not refreshed',
    file: 'store/leases.ts',
    original: 'lease.deadline = this.#clock.monotonic() + lease.ttl * 1000;',
    replacement: '',
  },
  {
    name: 'a revoke decided before a refresh takes effect after it',
    file: 'store/state-machine.ts',
    original: 'if (lease?.generation !== command[2]) return false;',
    replacement: 'if (lease === undefined) return false;',
  },
  {
    name: 'whoever held a lock before may still write (no fence)',
    file: 'store/transaction.ts',
    original: 'compares.every((compare) => holds(keyspace, compare))',
    replacement: 'compares.every((compare) => compare[2] === 1 || holds(keyspace, compare))',
  },
];

/** The same, above the store: in the API, its client, and controllers. */
export const controlPlaneMutations: readonly Mutation[] = [
  {
    name: 'controllers write without their lease',
    file: 'client/run-while-leading.ts',
    original: 'const client = options.client.fenced(fence);',
    replacement: 'const client = options.client;',
  },
  {
    name: 'a former holder of the lease may still write',
    file: 'apiserver/registry/commit.ts',
    original: ': [fenceGuard(request.fence, type, name)],',
    replacement: ': [],',
  },
  {
    name: 'a lease is taken over without being counted',
    file: 'client/leader-election.ts',
    original: 'const leaseTransitions = this.#transitions + 1;',
    replacement: 'const leaseTransitions = Math.max(0, this.#transitions);',
  },
  {
    name: 'pods that were made and are not seen yet are made again',
    file: 'controllers/replicaset.ts',
    original: 'if (!this.#pending.settled(key)) return { requeueAfterMs: UNSEEN_MS };',
    replacement: '',
  },
  {
    name: 'a ReplicaSet that was made and is not seen yet is not counted',
    file: 'controllers/deployment/index.ts',
    original: 'if (!this.#pending.settled(key)) return { requeueAfterMs: UNSEEN_MS };',
    replacement: '',
  },
  {
    name: 'a rolling update may have one pod more than its surge',
    file: 'controllers/deployment/replica-counts.ts',
    original: 'maxSurge(deployment) - totalDesired(all);',
    replacement: 'maxSurge(deployment) - totalDesired(all) + 1;',
  },
  {
    name: 'what has lost its owner stays',
    file: 'controllers/garbage-collector/index.ts',
    original: 'await this.#context.client.delete(type, namespace, name, { propagationPolicy, preconditions, signal });',
    replacement: 'void [propagationPolicy, preconditions];',
  },
];

/** The software of a peer with the bug. */
export async function mutate(mutation: Mutation): Promise<{ software: Software } & AsyncDisposable> {
  if ('wrapStorage' in mutation) {
    const start: Software['startReplica'] = (options) =>
      ownSoftware.startReplica({ ...options, storage: mutation.wrapStorage(options.storage) });
    return { software: { ...ownSoftware, startReplica: start }, [Symbol.asyncDispose]: async () => {} };
  }
  const layers = ['base', 'raft', 'replica', 'store', 'api', 'cel', 'client', 'apiserver', 'controllers'];
  const copy = await plant(mutation, layers);
  // All of it, or parts would not know each other's errors.
  const { startReplica } = await copy.load<Software>('replica');
  const { createStore } = await copy.load<Software>('store');
  const { createRegistry, createLocalClient } = await copy.load<Software>('apiserver');
  const { runWhileLeading } = await copy.load<Software>('client');
  const { startControllers } = await copy.load<Software>('controllers');
  return {
    software: { startReplica, createStore, createRegistry, createLocalClient, runWhileLeading, startControllers },
    [Symbol.asyncDispose]: () => copy[Symbol.asyncDispose](),
  };
}

function altering(storage: Storage, alter: (batch: WriteBatch) => WriteBatch): Storage {
  const write = storage.write.bind(storage);
  storage.write = (batch) => write(alter(batch));
  return storage;
}

function forgetVote(batch: WriteBatch): WriteBatch {
  return batch.hardState === undefined ? batch : { ...batch, hardState: { ...batch.hardState, vote: 0 } };
}

/** Says that a write is durable while it is on its way. */
function skippingSync(storage: Storage): Storage {
  const write = storage.write.bind(storage);
  let last: Promise<void> = Promise.resolve();
  storage.write = async (batch) => {
    const copy = { ...batch, entries: [...batch.entries] };
    last = last.then(() => write(copy)).catch(() => {});
  };
  return storage;
}
