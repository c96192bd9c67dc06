import test from 'ava';
import { resources } from '../../src/api/index.ts';
import { seededRandom, silentLogger } from '../../src/base/index.ts';
import { keepBootstrapped, systemNamespaces } from '../../src/peer/bootstrap.ts';
import type { ReplicaStatus } from '../../src/replica/index.ts';
import { FakeClient } from '../support/fake-client.ts';
import { FakeClock } from '../support/fake-clock.ts';

/** A Raft member whose role a test sets. */
class FakeMember {
  #role: ReplicaStatus['role'] = 'follower';
  readonly #listeners = new Set<(status: ReplicaStatus) => void>();

  status(): ReplicaStatus {
    return { id: 1, role: this.#role, term: 1, leader: 1, commit: 0, applied: 0, members: [1] };
  }

  onStatus(listener: (status: ReplicaStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  become(role: ReplicaStatus['role']): void {
    this.#role = role;
    for (const listener of this.#listeners) listener(this.status());
  }
}

function setUp() {
  const clock = new FakeClock();
  const client = new FakeClient(clock);
  const member = new FakeMember();
  const end = keepBootstrapped(member, client, {
    serviceCIDR: '127.96.0.0/16',
    apiPort: 6443,
    clock,
    random: seededRandom(1),
    logger: silentLogger,
  });
  return { clock, client, member, end };
}

test('the leader bootstraps, a follower does not', async (t) => {
  const { clock, client, member } = setUp();
  await clock.advance(60_000);
  t.deepEqual(client.all(resources.namespaces), []);
  member.become('leader');
  await clock.advance(0);
  const names = client.all(resources.namespaces).map(({ metadata }) => metadata.name);
  t.deepEqual(names.sort(), [...systemNamespaces].sort());
  const service = await client.get(resources.services, 'default', 'kubernetes');
  t.like(service, { spec: { clusterIP: '127.96.0.1' } });
});

test('what failed is tried again, with pauses, while the peer leads', async (t) => {
  const { clock, client, member } = setUp();
  let attempts = 0;
  let broken = true;
  client.intercept = ({ verb, resource }) => {
    if (resource !== 'services' || verb !== 'create') return;
    attempts += 1;
    if (broken) throw new Error('timed out');
  };
  member.become('leader');
  await clock.advance(5000);
  t.true(attempts > 2, `${attempts}`);
  t.true(attempts < 10, `${attempts}`);
  member.become('follower');
  const before = attempts;
  await clock.advance(60_000);
  t.is(attempts, before, 'the next leader does it');
  broken = false;
  member.become('leader');
  await clock.advance(0);
  t.is(attempts, before + 1);
  t.truthy(await client.get(resources.services, 'default', 'kubernetes'));
  await clock.advance(60_000);
  t.is(attempts, before + 1, 'done once');
});

test('it ends with the peer', async (t) => {
  const { clock, client, member, end } = setUp();
  let attempts = 0;
  client.intercept = () => {
    attempts += 1;
    throw new Error('gone');
  };
  member.become('leader');
  await clock.advance(1000);
  end();
  const before = attempts;
  member.become('follower');
  member.become('leader');
  await clock.advance(60_000);
  t.is(attempts, before);
});
