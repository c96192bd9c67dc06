import type { Clock } from '../../base/index.ts';
import type { Client } from '../../client/index.ts';

/** A client whose watches tell later what happened, each as late as `lagMs` says anew for every event, in order. */
export function lagging(client: Client, clock: Clock, lagMs: () => number): Client {
  return {
    get: (type, namespace, name, options) => client.get(type, namespace, name, options),
    list: (type, namespace, options) => client.list(type, namespace, options),
    create: (type, object, options) => client.create(type, object, options),
    update: (type, object, options) => client.update(type, object, options),
    patch: (type, namespace, name, patch, options) => client.patch(type, namespace, name, patch, options),
    delete: (type, namespace, name, options) => client.delete(type, namespace, name, options),
    async *watch(type, namespace, options) {
      for await (const event of client.watch(type, namespace, options)) {
        await new Promise<void>((resolve) => clock.setTimer(lagMs(), resolve));
        yield event as never;
      }
    },
    fenced: (fence) => lagging(client.fenced(fence), clock, lagMs),
  };
}
