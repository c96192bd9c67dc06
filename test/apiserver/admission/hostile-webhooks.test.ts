import test from 'ava';
import fc from 'fast-check';
import { ApiError, type KubernetesObject } from '../../../src/api/index.ts';
import { defaultAdmissionPlugins } from '../../../src/apiserver/admission/index.ts';
import { seededRandom, silentLogger } from '../../../src/base/index.ts';
import { at, configMap, configMaps, createFixture, object, pod, pods, typeOf } from '../registry/harness.ts';

const mutating = typeOf('mutatingwebhookconfigurations', 'admissionregistration.k8s.io');

/** Places in a ConfigMap and a Pod, some of which aren't there. */
const pointer = fc.constantFrom(
  '',
  '/metadata',
  '/metadata/name',
  '/metadata/namespace',
  '/metadata/labels',
  '/metadata/labels/a~1b',
  '/metadata/finalizers',
  '/metadata/ownerReferences',
  '/metadata/managedFields',
  '/metadata/uid',
  '/kind',
  '/apiVersion',
  '/data',
  '/data/a',
  '/data/__proto__',
  '/spec',
  '/spec/containers',
  '/spec/containers/-',
  '/spec/containers/0/name',
  '/spec/containers/0/resources',
  '/status',
  '/nowhere/at/all',
);
const operation = fc.record(
  {
    op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', 'odd'),
    path: pointer,
    from: pointer,
    value: fc.oneof(fc.jsonValue(), fc.constant({}), fc.constant([]), fc.constant({ a: 'b' })),
  },
  { requiredKeys: ['op', 'path'] },
);
const patch = fc.array(operation, { maxLength: 4 });

test('whatever a webhook answers, the client gets an object or a Status', async (t) => {
  let answer: (uid: string) => unknown = () => undefined;
  const transport = {
    async post(_config: object, review: object) {
      return answer((review as { request: { uid: string } }).request.uid);
    },
    close() {},
  };
  const { registry } = await createFixture(t, {
    admission: (state) => defaultAdmissionPlugins(state, { random: seededRandom(1), logger: silentLogger, transport }),
  });
  const rules = [{ operations: ['*'], apiGroups: [''], apiVersions: ['v1'], resources: ['configmaps', 'pods'] }];
  const hook = {
    name: 'hook.example.com',
    clientConfig: { url: 'https://example.com' },
    rules,
    sideEffects: 'None',
    admissionReviewVersions: ['v1'],
  };
  await registry.create({
    ...at(mutating),
    object: object('admissionregistration.k8s.io/v1', mutating.kind, 'hooks', { webhooks: [hook] }),
  });
  let count = 0;
  const write = async (made: KubernetesObject, type: typeof pods): Promise<void> => {
    try {
      const { object: stored } = await registry.create({ ...at(type), object: made });
      t.is(stored.metadata.name, made.metadata.name);
      t.is(stored.metadata.namespace, 'default');
      t.is(stored.kind, type.kind);
    } catch (error) {
      t.true(error instanceof ApiError, String((error as Error).stack));
    }
  };
  const writeBoth = async (): Promise<void> => {
    const name = `x${count++}`;
    await write(configMap(name, { a: '1' }), configMaps);
    await write(pod(name), pods);
  };
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (value) => {
      answer = () => value;
      await writeBoth();
    }),
    { numRuns: 100 },
  );
  const response = fc.record(
    {
      allowed: fc.oneof(fc.boolean(), fc.jsonValue()),
      status: fc.oneof(
        fc.jsonValue(),
        fc.record({ code: fc.jsonValue(), message: fc.jsonValue(), reason: fc.jsonValue(), details: fc.jsonValue() }),
      ),
      warnings: fc.oneof(fc.array(fc.string()), fc.jsonValue()),
      auditAnnotations: fc.oneof(fc.dictionary(fc.string(), fc.string()), fc.jsonValue()),
      patch: fc.oneof(fc.string(), fc.jsonValue()),
      patchType: fc.constantFrom('JSONPatch', 'odd', null),
    },
    { requiredKeys: [] },
  );
  await fc.assert(
    fc.asyncProperty(response, async (fields) => {
      const common = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview' };
      answer = (uid) => ({ ...common, response: { uid, ...fields } });
      await writeBoth();
    }),
    { numRuns: 300 },
  );
  await fc.assert(
    fc.asyncProperty(patch, async (operations) => {
      const encoded = Buffer.from(JSON.stringify(operations)).toString('base64');
      answer = (uid) => ({
        apiVersion: 'admission.k8s.io/v1',
        kind: 'AdmissionReview',
        response: { uid, allowed: true, patchType: 'JSONPatch', patch: encoded },
      });
      await writeBoth();
    }),
    { numRuns: 400 },
  );
});
