import { reasonOf, resources, type v1 } from '../api/index.ts';
import { type Controller, createController, source } from '../client/index.ts';
import type { ControllerContext } from './context.ts';

const NAME = 'kube-root-ca.crt';
const DESCRIPTION =
  'Contains a CA bundle that can be used to verify the kube-apiserver when using internal endpoints such as the internal service IP or kubernetes.default.svc. No other usage is guaranteed across distributions of Kubernetes clusters.';

/** Keeps the certificate by which pods know the API server in every namespace. */
export function rootCaCertificatePublisher(context: ControllerContext, rootCa: string): Controller {
  const { client, informers } = context;
  const namespaces = informers.informer<v1.Namespace>(resources.namespaces);
  const configMaps = informers.informer<v1.ConfigMap>(resources.configMaps);
  return createController({
    name: 'root-ca-certificate-publisher',
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      source(namespaces),
      source(configMaps, ({ object: { metadata } }) => (metadata.name === NAME ? [metadata.namespace!] : [])),
    ],
    reconciler: {
      async reconcile(namespace, signal) {
        if (namespaces.get(undefined, namespace)?.status?.phase !== 'Active') return undefined;
        const current = configMaps.get(namespace, NAME);
        const data = { 'ca.crt': rootCa };
        if (current === undefined) {
          const annotations = { 'kubernetes.io/description': DESCRIPTION };
          const wanted: v1.ConfigMap = {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: { name: NAME, namespace, annotations },
            data,
          };
          await client.create(resources.configMaps, wanted, { signal }).catch((error: unknown) => {
            // The cache lags, or the namespace has begun to go.
            if (reasonOf(error) !== 'AlreadyExists' && reasonOf(error) !== 'Forbidden') throw error;
          });
        } else if (Object.keys(current.data ?? {}).length !== 1 || current.data?.['ca.crt'] !== rootCa) {
          await client.update(resources.configMaps, { ...current, data }, { signal });
        }
        return undefined;
      },
    },
  });
}
