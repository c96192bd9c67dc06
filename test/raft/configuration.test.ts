import test from 'ava';
import { decodeConfiguration, encodeConfiguration } from '../../src/raft/index.ts';
import { configurationOf } from './harness/cluster.ts';

test('a configuration survives its encoding', (t) => {
  const configuration = configurationOf([1, 2, 5], {
    votersOutgoing: [1, 3],
    learners: [7],
    learnersNext: [3],
    autoLeave: true,
  });
  t.deepEqual(decodeConfiguration(encodeConfiguration(configuration)), configuration);
});

test('what is no configuration is not taken for one', (t) => {
  const good = configurationOf([1, 2]);
  const bad: unknown[] = [
    null,
    7,
    {},
    { ...good, voters: [2, 1] },
    { ...good, voters: [1, 1] },
    { ...good, learners: [0] },
    { ...good, voters: ['1'] },
    { ...good, learnersNext: 'none' },
    { ...good, autoLeave: 1 },
  ];
  for (const value of bad) t.is(decodeConfiguration(Buffer.from(JSON.stringify(value))), undefined);
  t.is(decodeConfiguration(Buffer.from('{')), undefined);
  t.is(decodeConfiguration(Uint8Array.of(0xff, 0xfe)), undefined);
});
