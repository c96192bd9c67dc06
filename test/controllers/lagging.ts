import { resources, type v1 } from '../../src/api/index.ts';
import { seededRandom, silentLogger } from '../../src/base/index.ts';
import { createInformerFactory } from '../../src/client/index.ts';
import { defaultControllerOptions } from '../../src/controllers/options.ts';
import { replicaSetController } from '../../src/controllers/replicaset.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { startLocalApi } from '../support/local-api.ts';
import { overriding } from '../support/overriding.ts';

/** A ReplicaSet controller whose caches see pods only after that time. */
export async function startLagging(delayMs: number) {
  const clock = new FakeClock();
  const api = await startLocalApi(clock);
  const shared = { clock, random: seededRandom(11), logger: silentLogger };
  const slow = overriding(api.client, {
    async *watch(type, namespace, options) {
      for await (const event of api.client.watch(type, namespace, options)) {
        if (type.kind === 'Pod') await new Promise<void>((resolve) => clock.setTimer(delayMs, resolve));
        yield event as never;
      }
    },
  });
  let created = 0;
  const counting = overriding(api.client, {
    create(type, object, options) {
      if (type.kind === 'Pod') created++;
      return api.client.create(type, object, options);
    },
  });
  const informers = createInformerFactory({ client: slow, ...shared });
  const controller = replicaSetController({
    client: counting,
    informers,
    ...shared,
    recorder: () => ({ event() {} }),
    options: defaultControllerOptions,
  });
  informers.start();
  await informers.synced();
  controller.start();
  return {
    clock,
    client: api.client,
    creations: () => created,
    pods: async () => (await api.client.list<v1.Pod>(resources.pods, undefined)).items,
    async stop() {
      await controller.stop();
      await informers.stop();
      await api.stop();
    },
  };
}
