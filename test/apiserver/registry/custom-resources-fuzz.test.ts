import test from 'ava';
import fc from 'fast-check';
import { ApiError, type KubernetesObject, type PlainObject } from '../../../src/api/index.ts';
import { widgets } from '../../support/custom-resources.ts';
import { at, createFixture, fields, typeOf } from './harness.ts';

const definitions = typeOf('customresourcedefinitions', 'apiextensions.k8s.io');

const key = fc.constantFrom(
  'spec',
  'status',
  'metadata',
  'type',
  'color',
  'parts',
  'free',
  '__proto__',
  'constructor',
  'x',
);
const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(null, true, 0, -1, 1e300, 2.5, '', 'text', 'object', 'array', '.spec.x', 'self.x > 1'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 3 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

/** Where in an object something is changed, each step a share of what there is, and into what (undefined: it goes). */
const change = fc.record({
  steps: fc.array(fc.nat(), { minLength: 1, maxLength: 10 }),
  value: fc.option(json, { nil: undefined }),
});

function mutate<T>(whole: T, changes: readonly { steps: readonly number[]; value: unknown }[]): T {
  const root = structuredClone(whole);
  for (const { steps, value } of changes) {
    let target = root as PlainObject;
    for (const [index, step] of steps.entries()) {
      const keys = Object.keys(target);
      const name = keys[step % Math.max(1, keys.length)];
      if (name === undefined) break;
      const next = target[name];
      const last = index === steps.length - 1 || typeof next !== 'object' || next === null;
      if (last && value === undefined) delete target[name];
      else if (last) target[name] = value;
      if (last) break;
      target = next as PlainObject;
    }
  }
  // As it comes over the wire: what went from a list leaves a null.
  return JSON.parse(JSON.stringify(root)) as T;
}

/** Undefined: it was refused, with a Status that doesn't blame the server. */
async function orRefused<T>(promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof ApiError && error.httpCode < 500) return undefined;
    throw error;
  }
}

test('whatever a definition says and its objects hold, all of it is judged and nothing choked on', async (t) => {
  const { registry } = await createFixture(t);
  let defined = 0;
  let made = 0;
  const definition = { ...widgets, apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition' };
  const object = {
    apiVersion: 'example.com/v1',
    kind: 'Widget',
    metadata: { name: 'w', namespace: 'default' },
    spec: { color: 'red', replicas: 1, port: 1, free: { a: 1 }, parts: [{ name: 'a', size: 1 }] },
    status: { replicas: 1 },
  };
  const run = async (ofDefinition: Parameters<typeof mutate>[1], ofObject: Parameters<typeof mutate>[1]) => {
    const spec: unknown = mutate(definition.spec, ofDefinition);
    const mutant = { ...definition, spec } as KubernetesObject;
    const created = await orRefused(registry.create({ ...at(definitions), object: mutant }));
    if (created === undefined) return;
    defined++;
    const { metadata, spec: accepted } = fields(created);
    const conditions = [{ type: 'Established', status: 'True' }];
    const versions = accepted.versions as { name: string; storage: boolean }[];
    const storedVersions = versions.filter(({ storage }) => storage).map((version) => version.name);
    const status = { conditions, acceptedNames: accepted.names, storedVersions };
    const established = { ...fields(created), status };
    const name = metadata.name as string;
    await orRefused(registry.update({ ...at(definitions), name, subresource: 'status', object: established }));
    const type = registry.scheme.findResource('example.com', 'v1', 'widgets');
    if (type !== undefined) {
      const draft = mutate(object, ofObject);
      const request = { ...at(type), fieldManager: 'fuzz' };
      // Bodies that say nothing else are of the kind that the path names.
      const sent = { ...draft, apiVersion: 'example.com/v1', kind: 'Widget' };
      if ((await orRefused(registry.create({ ...request, object: sent }))) !== undefined) made++;
      const patch = { patchType: 'application/merge-patch+json', patch: draft } as const;
      await orRefused(registry.patch({ ...request, name: 'w', ...patch }));
      const apply = { patchType: 'application/apply-patch+yaml', patch: draft, force: true } as const;
      await orRefused(registry.patch({ ...request, name: 'w', ...apply }));
      await registry.list(at(type));
      await orRefused(registry.delete({ ...request, name: 'w' }));
    }
    await registry.delete({ ...at(definitions), name });
    const finalizers = {
      patchType: 'application/merge-patch+json',
      patch: { metadata: { finalizers: null } },
    } as const;
    await registry.patch({ ...at(definitions), name, ...finalizers });
    t.is(registry.scheme.findResource('example.com', 'v1', 'widgets'), undefined);
  };
  await fc.assert(fc.asyncProperty(fc.array(change, { maxLength: 2 }), fc.array(change, { maxLength: 3 }), run), {
    numRuns: 400,
  });
  t.true(defined > 50, `${defined} definitions`);
  t.true(made > 10, `${made} objects`);
});
