import test, { type ExecutionContext } from 'ava';
import { fakeTimeLibrary } from '../../chaos/fake-clock.ts';
import { faults } from '../../chaos/faults/index.ts';
import { namespacesMissing } from '../../chaos/network/namespaces.ts';
import { runCluster } from '../../chaos/run.ts';
import { defaultWorkloads } from '../../chaos/workloads/index.ts';
import { lacks } from '../runtime/helpers.ts';

const FAULT_MS = [800, 1_600] as const;

/** Each of these faults once, in this order, under all workloads. */
async function suffer(t: ExecutionContext, network: 'namespaces' | 'proxies', names: readonly string[]): Promise<void> {
  t.timeout(180_000);
  const seed = Math.floor(Math.random() * 2 ** 31);
  const result = await runCluster({
    seed,
    network,
    faults: faults.filter(({ name }) => names.includes(name)),
    choose: (possible, round) => possible.find(({ name }) => name === names[round - 1]),
    faultMs: FAULT_MS,
    workloads: defaultWorkloads,
    tell: (text) => t.log(text),
  });
  t.deepEqual(result.violations, [], `seed ${seed}`);
  t.deepEqual(
    result.timeline.faults.map(({ name }) => name),
    names,
  );
  t.is(result.figures['registerUndecided'], 0);
  for (const name of defaultWorkloads) {
    const tallies = result.timeline.tallies.filter(({ workload }) => workload === name);
    t.true(
      tallies.some(({ ok }) => ok > 0),
      `${name} was never answered`,
    );
  }
}

test.serial('with proxies between the peers: partition, delay, reset, pause, kill', async (t) => {
  await suffer(t, 'proxies', ['partition', 'delay', 'reset', 'pause', 'kill']);
});

test.serial('in network namespaces: partition, loss, a full disk', async (t) => {
  const missing = namespacesMissing();
  if (lacks(t, missing === undefined, `network namespaces (${missing})`)) return;
  await suffer(t, 'namespaces', ['partition', 'loss', 'disk-full']);
});

test.serial('clocks that jump', async (t) => {
  if (lacks(t, fakeTimeLibrary() !== undefined, 'libfaketime')) return;
  await suffer(t, 'proxies', ['clock-jump']);
});
