import { resources, type v1 } from '../../src/api/index.ts';
import { type AdmissionPlugin, namespaceLifecycle } from '../../src/apiserver/admission/index.ts';
import { createLocalClient } from '../../src/apiserver/local-client.ts';
import { createRegistry, type StateReader } from '../../src/apiserver/registry/index.ts';
import { type Clock, type Random, seededRandom, silentLogger } from '../../src/base/index.ts';
import type { Client } from '../../src/client/index.ts';
import { createMemoryStore } from '../../src/store/index.ts';

export interface LocalApi {
  client: Client;
  stop(): Promise<void>;
}

/** The real API in this process, on a store in memory, with the namespaces that tests use. */
export async function startLocalApi(
  clock: Clock,
  random: Random = seededRandom(3),
  plugins: (state: StateReader) => readonly AdmissionPlugin[] = () => [],
): Promise<LocalApi> {
  const store = createMemoryStore({ clock });
  // Of admission only what makes namespaces go: the rest needs more objects than most tests have.
  const admission = (state: StateReader) => [namespaceLifecycle(state), ...plugins(state)];
  const registry = createRegistry({ store, clock, random, logger: silentLogger, admission });
  await registry.ready();
  const client = createLocalClient(registry, { name: 'system:test', groups: ['system:masters'] });
  for (const name of ['default', 'kube-system']) {
    const namespace: v1.Namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await client.create(resources.namespaces, namespace);
  }
  return {
    client,
    async stop() {
      registry.close();
      await store.close();
    },
  };
}
