import { reasonOf, resources, type v1 } from '../api/index.ts';
import { type Controller, createController, source } from '../client/index.ts';
import type { ControllerContext } from './context.ts';

/** Gives every namespace the ServiceAccount that its pods use unless they name another. */
export function serviceAccountController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const namespaces = informers.informer<v1.Namespace>(resources.namespaces);
  const accounts = informers.informer<v1.ServiceAccount>(resources.serviceAccounts);
  return createController({
    name: 'serviceaccount',
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(namespaces),
      source(accounts, ({ type, object }) => (type === 'deleted' ? [object.metadata.namespace!] : [])),
    ],
    reconciler: {
      async reconcile(namespace, signal) {
        if (namespaces.get(undefined, namespace)?.status?.phase !== 'Active') return undefined;
        if (accounts.get(namespace, 'default') !== undefined) return undefined;
        const account: v1.ServiceAccount = {
          apiVersion: 'v1',
          kind: 'ServiceAccount',
          metadata: { name: 'default', namespace },
        };
        await client.create(resources.serviceAccounts, account, { signal }).catch((error: unknown) => {
          // The cache lags, or the namespace has begun to go.
          if (reasonOf(error) !== 'AlreadyExists' && reasonOf(error) !== 'Forbidden') throw error;
        });
        return undefined;
      },
    },
  });
}
