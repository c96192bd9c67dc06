import { silentLogger, systemClock, systemRandom } from '../../src/base/index.ts';
import { createInformerFactory } from '../../src/client/index.ts';
import { type RunningControllers, startControllers } from '../../src/controllers/index.ts';
import { startTestApiServer, type TestApiServer } from './api-server.ts';

/** A real API server with the controllers that CustomResourceDefinitions need. */
export async function startWithControllers(): Promise<TestApiServer> {
  const api = await startTestApiServer();
  const common = { client: api.client, clock: systemClock, random: systemRandom, logger: silentLogger };
  const informers = createInformerFactory(common);
  const controllers: RunningControllers = await startControllers({ ...common, informers });
  await controllers.ready;
  return {
    ...api,
    async close() {
      await controllers.stop();
      await informers.stop();
      await api.close();
    },
  };
}

/** A definition of namespaced Widgets in example.com with most of what definitions can say. */
export const widgets = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: 'widgets.example.com' },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'], categories: ['all'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: 'object',
            description: 'A widget, made to be looked at.',
            properties: {
              spec: {
                type: 'object',
                description: 'What it should be like.',
                required: ['color'],
                properties: {
                  color: { type: 'string', enum: ['red', 'green', 'blue'], description: 'Its color.' },
                  replicas: { type: 'integer', minimum: 0, maximum: 10, default: 1 },
                  port: { 'x-kubernetes-int-or-string': true },
                  free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
                  parts: {
                    type: 'array',
                    'x-kubernetes-list-type': 'map',
                    'x-kubernetes-list-map-keys': ['name'],
                    items: {
                      type: 'object',
                      required: ['name'],
                      properties: {
                        name: { type: 'string', pattern: '^[a-z]+$' },
                        size: { type: 'integer', default: 3 },
                      },
                    },
                  },
                },
              },
              status: {
                type: 'object',
                properties: { replicas: { type: 'integer' }, selector: { type: 'string' }, phase: { type: 'string' } },
              },
            },
          },
        },
        subresources: {
          status: {},
          scale: {
            specReplicasPath: '.spec.replicas',
            statusReplicasPath: '.status.replicas',
            labelSelectorPath: '.status.selector',
          },
        },
        selectableFields: [{ jsonPath: '.spec.color' }],
        additionalPrinterColumns: [
          { name: 'Color', type: 'string', jsonPath: '.spec.color' },
          { name: 'Replicas', type: 'integer', jsonPath: '.spec.replicas' },
          { name: 'Phase', type: 'string', jsonPath: '.status.phase', priority: 1 },
          { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
        ],
      },
    ],
  },
};
