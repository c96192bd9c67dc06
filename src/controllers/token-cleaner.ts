import { parseTime, reasonOf, resources, type v1 } from '../api/index.ts';
import { type Controller, createController, keyOf, source, splitKey } from '../client/index.ts';
import type { ControllerContext } from './context.ts';

const TYPE = 'bootstrap.kubernetes.io/token';
const NAMESPACE = 'kube-system';

/** Deletes bootstrap tokens whose time is over. */
export function tokenCleanerController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const secrets = informers.informer<v1.Secret>(resources.secrets);
  return createController({
    name: 'token-cleaner',
    clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(secrets, ({ type, object }) =>
        type !== 'deleted' && object.type === TYPE && object.metadata.namespace === NAMESPACE ? [keyOf(object)] : [],
      ),
    ],
    reconciler: {
      async reconcile(key, signal) {
        const { name } = splitKey(key);
        const secret = secrets.get(NAMESPACE, name);
        const expiration = Buffer.from(secret?.data?.['expiration'] ?? '', 'base64').toString();
        if (secret === undefined || expiration === '') return undefined;
        const waitMs = (parseTime(expiration) ?? 0) - clock.now();
        if (waitMs > 0) return { requeueAfterMs: waitMs };
        const preconditions = { uid: secret.metadata.uid! };
        await client.delete(resources.secrets, NAMESPACE, name, { preconditions, signal }).catch((error: unknown) => {
          if (reasonOf(error) !== 'NotFound' && reasonOf(error) !== 'Conflict') throw error;
        });
        return undefined;
      },
    },
  });
}
