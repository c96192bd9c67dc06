import type { Client } from '../../src/client/index.ts';

/** A client that does some things differently. */
export function overriding(client: Client, changes: Partial<Client>): Client {
  return {
    get: (type, namespace, name, options) => client.get(type, namespace, name, options),
    list: (type, namespace, options) => client.list(type, namespace, options),
    create: (type, object, options) => client.create(type, object, options),
    update: (type, object, options) => client.update(type, object, options),
    patch: (type, namespace, name, patch, options) => client.patch(type, namespace, name, patch, options),
    delete: (type, namespace, name, options) => client.delete(type, namespace, name, options),
    watch: (type, namespace, options) => client.watch(type, namespace, options),
    fenced: (fence) => client.fenced(fence),
    ...changes,
  };
}
