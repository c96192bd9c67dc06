import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { quorumValue, voteResult } from '../../src/raft/quorum.ts';
import { configurationOf } from './harness/cluster.ts';

const oracles = process.env['RAFT_ORACLES'] ?? join(import.meta.dirname, '../../../shared/oracles/etcd-raft');
const scenarios = join(oracles, 'quorum/testdata');

/** The scenario files name voters and give one value to each, in the order in which they are first named. */
function parse(command: string): { joint: boolean; voters: number[]; outgoing: number[]; values: string[] } {
  const list = (name: string): string[] => {
    const found = command.match(new RegExp(`\\b${name}=\\(([^)]*)\\)`));
    return found?.[1]?.split(',').map((item) => item.trim()) ?? [];
  };
  const voters = list('cfg').map(Number);
  const outgoing = list('cfgj').map(Number);
  return { joint: /cfgj=/.test(command), voters, outgoing, values: [...list('idx'), ...list('votes')] };
}

/** Command, and the last line of the answer. */
function* casesOf(file: string): Iterable<{ command: string; answer: string }> {
  for (const block of readFileSync(file, 'utf8').split(/\n(?=committed|vote)/)) {
    const [question, reply] = block.split('\n----\n');
    if (reply === undefined) continue;
    const lines = question!.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const answer = reply.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    yield { command: lines.join(' '), answer: answer.at(-1)! };
  }
}

const replay = existsSync(scenarios) ? test : test.skip;
if (!existsSync(scenarios)) console.warn(`quorum: no recorded scenarios at ${scenarios}, skipped (set RAFT_ORACLES)`);

replay('answers as another implementation’s recorded scenarios say', (t) => {
  let count = 0;
  for (const file of readdirSync(scenarios)) {
    for (const { command, answer } of casesOf(join(scenarios, file))) {
      const { voters, outgoing, values } = parse(command);
      const configuration = configurationOf(voters, { votersOutgoing: outgoing });
      const byPeer = new Map([...new Set([...voters, ...outgoing])].map((peer, at) => [peer, values[at] ?? '_']));
      if (command.startsWith('committed')) {
        const index = quorumValue(configuration, (peer) => Number(byPeer.get(peer)!.replace('_', '0')));
        t.is(index === Number.POSITIVE_INFINITY ? '∞' : String(index), answer.replace(/<.*>/, ''), command);
      } else {
        const votes = new Map([...byPeer].filter(([, v]) => v !== '_').map(([peer, v]) => [peer, v === 'y']));
        t.is(`Vote${voteResult(configuration, votes)}`.toLowerCase(), answer.toLowerCase(), command);
      }
      count++;
    }
  }
  t.true(count > 100, `only ${count} scenarios found`);
});

const members = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 7 });

test('a value is reached when more than half of each half hold it', (t) => {
  fc.assert(
    fc.property(members, fc.uniqueArray(fc.integer({ min: 1, max: 9 })), fc.array(fc.nat(20)), (a, b, values) => {
      const held = (peer: number): number => values[peer] ?? 0;
      const reached = quorumValue(configurationOf(a, { votersOutgoing: b }), held);
      const holds = (half: number[], value: number): boolean =>
        half.length === 0 || half.filter((peer) => held(peer) >= value).length * 2 > half.length;
      t.true(holds(a, reached) && holds(b, reached));
      t.false(holds(a, reached + 1) && holds(b, reached + 1));
    }),
  );
});

test('a vote is won or lost exactly when the missing answers can’t change it', (t) => {
  fc.assert(
    fc.property(
      members,
      members,
      fc.array(fc.constantFrom(true, false, undefined), { minLength: 10 }),
      (a, b, given) => {
        const result = (missing: boolean): boolean =>
          [a, b].every((half) => half.filter((peer) => given[peer] ?? missing).length * 2 > half.length);
        const votes = new Map(given.flatMap((vote, peer) => (vote === undefined ? [] : [[peer, vote]])));
        const expected = result(false) ? 'won' : result(true) ? 'pending' : 'lost';
        t.is(voteResult(configurationOf(a, { votersOutgoing: b }), votes), expected);
      },
    ),
  );
});
