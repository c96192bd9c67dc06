import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { type ChangeFault, changeSimply, enterJoint, leaveJoint } from '../../src/raft/change.ts';
import { isUsedUp, membersOf, noMembers } from '../../src/raft/configuration.ts';
import { Leading } from '../../src/raft/leading.ts';
import type { Configuration, MemberStep } from '../../src/raft/types.ts';
import { configurationOf } from './harness/cluster.ts';

const oracles = process.env['RAFT_ORACLES'] ?? join(import.meta.dirname, '../../../shared/oracles/etcd-raft');
const scenarios = join(oracles, 'confchange/testdata');

/** A fault in the words of the recorded scenarios. */
function recorded(fault: ChangeFault, command: string): string {
  switch (fault) {
    case 'no-voters-left':
      return 'removed all voters';
    case 'not-simple':
      return 'more than one voter changed without entering joint config';
    case 'no-voters':
      return "can't make a zero-voter config joint";
    case 'not-joint':
      return "can't leave a non-joint config";
    case 'already-joint':
      return command === 'simple' ? "can't apply simple config change in joint config" : 'config is already joint';
  }
}

/** `v1 l2 r3 u4`: one step a word. */
function stepsOf(line: string): MemberStep[] {
  const types = { v: 'add-voter', l: 'add-learner', r: 'remove', u: 'update' } as const;
  return line
    .split(' ')
    .filter(Boolean)
    .map((word) => ({ type: types[word[0] as keyof typeof types], peer: Number(word.slice(1)) }));
}

function describe(configuration: Configuration, leading: Leading): string {
  const { voters, votersOutgoing, learners, learnersNext, autoLeave } = configuration;
  const group = (name: string, peers: readonly number[]): string =>
    peers.length > 0 ? ` ${name}=(${peers.join(' ')})` : '';
  const outgoing = votersOutgoing.length > 0 ? `&&(${votersOutgoing.join(' ')})` : '';
  const head = `voters=(${voters.join(' ')})${outgoing}${group('learners', learners)}${group('learners_next', learnersNext)}`;
  const followers = [...leading.followers.values()].sort((a, b) => a.peer - b.peer);
  const lines = followers.map(({ peer, state, match, next }) => {
    const name = `State${state[0]!.toUpperCase()}${state.slice(1)}`;
    return `${peer}: ${name} match=${match} next=${next}${learners.includes(peer) ? ' learner' : ''}`;
  });
  return [head + (autoLeave ? ' autoleave' : ''), ...lines].join('\n');
}

function* commandsOf(file: string): Iterable<{ command: string; steps: string; answer: string }> {
  const text = readFileSync(file, 'utf8').replace(/^#.*\n/gm, '');
  for (const block of text.split(/\n\n+/)) {
    const [question, answer] = block.trim().split('\n----\n');
    if (answer === undefined) continue;
    const [command, steps = ''] = question!.split('\n');
    yield { command: command!, steps, answer };
  }
}

const replay = existsSync(scenarios) ? test : test.skip;
if (!existsSync(scenarios)) console.warn(`change: no recorded scenarios at ${scenarios}, skipped (set RAFT_ORACLES)`);

for (const file of existsSync(scenarios) ? readdirSync(scenarios) : ['confchange']) {
  replay(`answers as another implementation’s recorded scenarios say: ${file}`, (t) => {
    let configuration: Configuration = noMembers;
    const leading = new Leading(1, true);
    let count = 0;
    for (const { command, steps, answer } of commandsOf(join(scenarios, file))) {
      const [name, option] = command.split(' ');
      const result =
        name === 'leave-joint'
          ? leaveJoint(configuration)
          : name === 'enter-joint'
            ? enterJoint(configuration, stepsOf(steps), option === 'autoleave=true')
            : changeSimply(configuration, stepsOf(steps));
      if (typeof result !== 'string') {
        configuration = result;
        // Each command stands for one more entry in the leader's log.
        leading.setFollowers(membersOf(configuration), Math.max(count, 1));
      }
      const told = typeof result === 'string' ? recorded(result, name!) : describe(configuration, leading);
      t.is(told, answer, `${file}, command ${count + 1}: ${command} ${steps}`);
      count++;
    }
    t.true(count >= 1);
  });
}

const step: fc.Arbitrary<MemberStep> = fc.record({
  type: fc.constantFrom('add-voter' as const, 'add-learner' as const, 'remove' as const),
  peer: fc.integer({ min: 1, max: 6 }),
});
const plain = fc
  .uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1 })
  .map((voters) => configurationOf(voters.sort((a, b) => a - b)));

test('by a joint configuration one comes to where the same steps alone would lead, and nobody is both voter and learner', (t) => {
  fc.assert(
    fc.property(plain, fc.array(step, { maxLength: 6 }), (before, steps) => {
      const joint = enterJoint(before, steps, true);
      if (typeof joint === 'string') {
        t.is(joint, 'no-voters-left');
        return;
      }
      t.deepEqual(joint.votersOutgoing, before.voters);
      for (const learner of joint.learners) t.false([...joint.voters, ...joint.votersOutgoing].includes(learner));
      const after = leaveJoint(joint) as Configuration;
      for (const learner of after.learners) t.false(after.voters.includes(learner));
      const simple = changeSimply(before, steps);
      if (typeof simple !== 'string') t.deepEqual(after, simple);
      else t.is(simple, 'not-simple');
    }),
  );
});

test('addresses and the wish for promotion come and go with their members; numbers are used once', (t) => {
  const before = configurationOf([1, 2, 3]);
  const added = changeSimply(before, [{ type: 'add-learner', peer: 7, address: 'host:7', autoPromote: true }]);
  t.deepEqual(added, { ...before, learners: [7], promotable: [7], addresses: { 7: 'host:7' }, highestId: 7 });
  const moved = changeSimply(added as Configuration, [{ type: 'update', peer: 7, address: 'host:8' }]);
  const promoted = changeSimply(moved as Configuration, [{ type: 'add-voter', peer: 7 }]) as Configuration;
  t.deepEqual(promoted, { ...before, voters: [1, 2, 3, 7], addresses: { 7: 'host:8' }, highestId: 7 });
  const removed = changeSimply(promoted, [{ type: 'remove', peer: 7 }]) as Configuration;
  t.deepEqual(removed, { ...before, highestId: 7 });
  t.deepEqual(
    [1, 5, 7, 8].map((peer) => isUsedUp(removed, peer)),
    [false, true, true, false],
  );
});
