import test from 'ava';
import { missingRules, type rbacv1, resources } from '../../src/api/index.ts';
import { seededRandom, silentLogger } from '../../src/base/index.ts';
import { keepBootstrapped, systemNamespaces, type Turn } from '../../src/peer/bootstrap.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** Whose turn it is, a test says. */
class FakeTurn implements Turn {
  #mine = false;
  readonly #listeners = new Set<() => void>();

  isMine(): boolean {
    return this.#mine;
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  give(mine: boolean): void {
    this.#mine = mine;
    for (const listener of this.#listeners) listener();
  }
}

function setUp() {
  const clock = new FakeClock();
  const client = new FakeClient(clock);
  const turn = new FakeTurn();
  const end = keepBootstrapped(turn, client, {
    serviceCIDR: '127.96.0.0/16',
    apiPort: 6443,
    clock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  return { clock, client, turn, end };
}

test('the leader bootstraps, a follower does not', async (t) => {
  const { clock, client, turn } = setUp();
  await clock.advance(60_000);
  t.deepEqual(client.all(resources.namespaces), []);
  turn.give(true);
  await clock.advance(0);
  const names = client.all(resources.namespaces).map(({ metadata }) => metadata.name);
  t.deepEqual(names.sort(), [...systemNamespaces].sort());
  const service = await client.get(resources.services, 'default', 'kubernetes');
  t.like(service, { spec: { clusterIP: '127.96.0.1' } });
});

test('namespaces and the Service that are deleted come back while it is the same turn', async (t) => {
  const { clock, client, turn, end } = setUp();
  turn.give(true);
  await clock.advance(0);
  client.vanish(resources.namespaces, undefined, 'kube-node-lease');
  await client.delete(resources.services, 'default', 'kubernetes');
  await clock.advance(5_000);
  t.like(await client.get(resources.services, 'default', 'kubernetes'), { spec: { clusterIP: '127.96.0.1' } });
  t.is(client.all(resources.namespaces).length, systemNamespaces.length);
  end();
  await clock.advance(0);
  client.vanish(resources.namespaces, undefined, 'kube-node-lease');
  await clock.advance(60_000);
  t.is(client.all(resources.namespaces).length, systemNamespaces.length - 1);
});

test('default roles and bindings that lost something get it back, unless they are to be left alone', async (t) => {
  const { clock, client, turn } = setUp();
  turn.give(true);
  await clock.advance(0);
  const role = (name: string) => client.get<rbacv1.ClusterRole>(resources.clusterRoles, undefined, name);
  const binding = () =>
    client.get<rbacv1.ClusterRoleBinding>(resources.clusterRoleBindings, undefined, 'system:discovery');
  const { rules: before } = await role('system:kube-dns');
  await client.update(resources.clusterRoles, { ...(await role('system:kube-dns')), rules: [] });
  const own = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
  const changed = await role('system:heapster');
  await client.update(resources.clusterRoles, { ...changed, rules: [...changed.rules!, ...own] });
  const alone = await role('system:kube-aggregator');
  const annotations = { 'rbac.authorization.kubernetes.io/autoupdate': 'false' };
  await client.update(resources.clusterRoles, { ...alone, metadata: { ...alone.metadata, annotations }, rules: [] });
  await client.update(resources.clusterRoleBindings, { ...(await binding()), subjects: [] });
  turn.give(false);
  turn.give(true);
  await clock.advance(0);
  t.deepEqual(missingRules((await role('system:kube-dns')).rules!, before!), []);
  t.deepEqual((await role('system:heapster')).rules!.at(-1), own[0]);
  t.deepEqual((await role('system:kube-aggregator')).rules, []);
  t.deepEqual(
    (await binding()).subjects?.map(({ name }) => name),
    ['system:authenticated'],
  );
});

test('what failed is tried again, with pauses, while the peer leads', async (t) => {
  const { clock, client, turn } = setUp();
  let attempts = 0;
  let broken = true;
  client.intercept = ({ verb, resource }) => {
    if (resource !== 'services' || verb !== 'create') return;
    attempts += 1;
    if (broken) throw new Error('timed out');
  };
  turn.give(true);
  await clock.advance(5000);
  t.true(attempts > 2, `${attempts}`);
  t.true(attempts < 10, `${attempts}`);
  turn.give(false);
  const before = attempts;
  await clock.advance(60_000);
  t.is(attempts, before, 'the next leader does it');
  broken = false;
  turn.give(true);
  await clock.advance(0);
  t.is(attempts, before + 1);
  t.truthy(await client.get(resources.services, 'default', 'kubernetes'));
  await clock.advance(60_000);
  t.is(attempts, before + 1, 'done once');
});

test('it ends with the peer', async (t) => {
  const { clock, client, turn, end } = setUp();
  let attempts = 0;
  client.intercept = () => {
    attempts += 1;
    throw new Error('gone');
  };
  turn.give(true);
  await clock.advance(1000);
  end();
  const before = attempts;
  turn.give(false);
  turn.give(true);
  await clock.advance(60_000);
  t.is(attempts, before);
});
