import { reasonOf, resources, type v1 } from '../api/index.ts';
import { type Controller, createController, keyOf, source, splitKey } from '../client/index.ts';
import type { ControllerContext } from './context.ts';

/** Makes the token that a Secret is to hold. */
export type SignSecretToken = (claims: {
  namespace: string;
  serviceaccount: { name: string; uid: string };
  secret: { name: string; uid: string };
}) => Promise<string>;

const TYPE = 'kubernetes.io/service-account-token';
const NAME_ANNOTATION = 'kubernetes.io/service-account.name';
const UID_ANNOTATION = 'kubernetes.io/service-account.uid';

/**
 * Fills the Secrets that somebody made to hold a service account's token, and deletes those whose account is gone: the old
 * way to have a token that doesn't end.
 */
export function serviceAccountTokenController(
  context: ControllerContext,
  rootCa: string,
  sign: SignSecretToken,
): Controller {
  const { client, informers } = context;
  const accounts = informers.informer<v1.ServiceAccount>(resources.serviceAccounts);
  const secrets = informers.informer<v1.Secret>(resources.secrets);
  const keysOfAccount = ({ metadata }: v1.ServiceAccount): string[] =>
    [...secrets.list(metadata.namespace)].filter((secret) => accountOf(secret) === metadata.name).map(keyOf);

  return createController({
    name: 'serviceaccount-token',
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(secrets, ({ object }) => (accountOf(object) === undefined ? [] : [keyOf(object)])),
      source(accounts, ({ object }) => keysOfAccount(object)),
    ],
    reconciler: {
      async reconcile(key, signal) {
        const { namespace, name } = splitKey(key);
        const secret = secrets.get(namespace, name);
        const accountName = secret && accountOf(secret);
        if (secret === undefined || accountName === undefined || namespace === undefined) return undefined;
        const account = await current(namespace, accountName);
        const wantedUid = secret.metadata.annotations?.[UID_ANNOTATION];
        if (account === undefined || (wantedUid && wantedUid !== account.metadata.uid)) {
          const preconditions = { uid: secret.metadata.uid! };
          await client.delete(resources.secrets, namespace, name, { preconditions, signal }).catch(ignoreGone);
          return undefined;
        }
        const wanted = await filled(secret, account);
        if (wanted !== undefined) await client.update(resources.secrets, wanted, { signal }).catch(ignoreGone);
        return undefined;
      },
    },
  });

  /** Asked of the server when the cache has none: deleting a good Secret would be worse than a question. */
  async function current(namespace: string, name: string): Promise<v1.ServiceAccount | undefined> {
    const cached = accounts.get(namespace, name);
    if (cached !== undefined) return cached;
    return client.get<v1.ServiceAccount>(resources.serviceAccounts, namespace, name).catch((error: unknown) => {
      if (reasonOf(error) === 'NotFound') return undefined;
      throw error;
    });
  }

  /** The Secret with all that it must hold; undefined when it holds that. */
  async function filled(secret: v1.Secret, account: v1.ServiceAccount): Promise<v1.Secret | undefined> {
    const { name, namespace } = secret.metadata;
    const data = { ...secret.data };
    const annotations = { ...secret.metadata.annotations, [UID_ANNOTATION]: account.metadata.uid! };
    const ca = Buffer.from(rootCa).toString('base64');
    const complete = data['token'] && data['namespace'] && data['ca.crt'] === ca;
    if (complete && secret.metadata.annotations?.[UID_ANNOTATION]) return undefined;
    data['ca.crt'] = ca;
    data['namespace'] ||= Buffer.from(namespace!).toString('base64');
    if (!data['token']) {
      const token = await sign({
        namespace: namespace!,
        serviceaccount: { name: account.metadata.name!, uid: account.metadata.uid! },
        secret: { name: name!, uid: secret.metadata.uid! },
      });
      data['token'] = Buffer.from(token).toString('base64');
    }
    return { ...secret, metadata: { ...secret.metadata, annotations }, data };
  }
}

function accountOf({ type, metadata }: v1.Secret): string | undefined {
  return type === TYPE ? metadata.annotations?.[NAME_ANNOTATION] : undefined;
}

function ignoreGone(error: unknown): void {
  // Somebody else changed or deleted it, which is an event of its own.
  const reason = reasonOf(error);
  if (reason !== 'NotFound' && reason !== 'Conflict') throw error;
}
