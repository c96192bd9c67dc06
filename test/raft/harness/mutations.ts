import type { Mutation } from './mutant.ts';

/** Bugs that the random runs must find. Each breaks a rule that the algorithm's safety or liveness rests on. */
export const mutations: readonly Mutation[] = [
  {
    name: 'earlier terms’ entries are committed by counting (§5.4.2)',
    file: 'replication.ts',
    original: 'if (reached <= state.commit || state.log.term(reached) !== state.term) return;',
    replacement: 'if (reached <= state.commit || reached > state.log.lastIndex) return;',
  },
  {
    name: 'votes are granted to candidates with an older log (§5.4.1)',
    file: 'election.ts',
    original: 'isFree && state.log.isCoveredBy(lastIndex, lastTerm)',
    replacement: 'isFree && lastIndex + lastTerm >= 0',
  },
  {
    name: 'two votes in a term',
    file: 'election.ts',
    original: 'const isFree = term > state.term || ',
    replacement: 'const isFree = true || ',
  },
  {
    name: 'a vote is told before it is durable',
    file: 'election.ts',
    original: "state.out.sendAfterPersist({ type: 'vote-response', ...answer });",
    replacement: "state.out.hardStateChanged = false; state.out.send({ type: 'vote-response', ...answer });",
  },
  {
    name: 'half of the voters is a majority',
    file: 'quorum.ts',
    original: 'if (granted * 2 > voters.length)',
    replacement: 'if (granted * 2 >= voters.length)',
  },
  {
    name: 'a joint configuration needs one half only',
    file: 'quorum.ts',
    original: 'return Math.min(',
    replacement: 'return Math.max(',
  },
  {
    name: 'the leader counts itself before its log is durable',
    file: 'replication.ts',
    original: 'peer === state.id ? leading.durableIndex :',
    replacement: 'peer === state.id ? state.log.lastIndex :',
  },
  {
    name: 'a follower acknowledges before its log is durable',
    file: 'follower.ts',
    original: 'state.out.sendAfterPersist(',
    replacement: 'state.out.send(',
  },
  {
    name: 'a follower doesn’t compare what precedes the entries',
    file: 'follower.ts',
    original: 'log.term(previousIndex) !== previousTerm)',
    replacement: 'log.term(previousIndex) === undefined)',
  },
  {
    name: 'a late append cuts the log',
    file: 'follower.ts',
    original: '|| log.term(entry.index) === entry.term) continue;',
    replacement: ') continue;',
  },
  {
    name: 'a read is answered without a round of heartbeats',
    file: 'read-index.ts',
    original: 'peer === state.id ? reads.round :',
    replacement: 'peer > 0 ? reads.round :',
  },
  {
    name: 'a new leader answers reads before it has committed',
    file: 'read-index.ts',
    original: 'state.commit < leading.openingIndex || ',
    replacement: '',
  },
  {
    name: 'answers to reads of an earlier life are taken',
    file: 'read-index.ts',
    original: 'Math.floor(random() * 2 ** 32) * 2 ** 20',
    replacement: 'Math.floor(random() * 0)',
  },
  {
    name: 'lost appends are never asked for',
    file: 'progress.ts',
    original: 'this.verify = this.match < lastIndex;',
    replacement: 'this.verify = false;',
  },
  {
    name: 'a failed snapshot is not sent again',
    file: 'progress.ts',
    original: "if (this.state !== 'snapshot') return;",
    replacement: "if (this.state !== 'snapshot' || !ok) return;",
  },
];
