import test from 'ava';
import type { Encoded } from '../../../src/apiserver/registry/index.ts';
import { at, createFixture, fields, object, refused, typeOf } from './harness.ts';

const jobs = typeOf('jobs', 'batch');
const controllers = typeOf('replicationcontrollers');

const container = { name: 'main', image: 'host' };
const job = (name: string, spec: object = {}, labels?: Record<string, string>) => {
  const template = {
    spec: { containers: [container], restartPolicy: 'Never' },
    ...(labels && { metadata: { labels } }),
  };
  return object('batch/v1', 'Job', name, { spec: { template, ...spec } });
};

test('a Job finds its pods by its uid', async (t) => {
  const { registry } = await createFixture(t);
  const { metadata, spec } = fields(await registry.create({ ...at(jobs), object: job('a') }));
  const uid = { 'batch.kubernetes.io/controller-uid': metadata.uid };
  t.deepEqual(spec.selector, { matchLabels: uid });
  const labels = {
    ...uid,
    'batch.kubernetes.io/job-name': 'a',
    'controller-uid': metadata.uid,
    'job-name': 'a',
  };
  t.deepEqual(spec.template.metadata.labels, labels);
  t.deepEqual(metadata.labels, labels);
  const labelled = fields(await registry.create({ ...at(jobs), object: job('b', {}, { app: 'x' }) }));
  t.like(labelled.spec.template.metadata.labels, { app: 'x', 'job-name': 'b' });
  t.like(labelled.metadata.labels, { app: 'x' });
});

test('who wants to choose a selector has to say so', async (t) => {
  const { registry } = await createFixture(t);
  const create = (spec: object, labels?: Record<string, string>) =>
    registry.create({ ...at(jobs), object: job('a', spec, labels) });
  const selector = { matchLabels: { app: 'x' } };
  const generated = await refused(t, create({ selector }, { app: 'x' }), 'Invalid');
  t.regex(generated.message!, /spec\.selector: Invalid value: .*`selector` not auto-generated/);
  const foreign = await refused(t, create({}, { 'job-name': 'other' }), 'Invalid');
  t.regex(foreign.message!, /spec\.template\.metadata\.labels: Invalid value: .*must be 'a'/);
  const { spec } = fields(await create({ selector, manualSelector: true }, { app: 'x' }));
  t.deepEqual([spec.selector, spec.template.metadata.labels], [selector, { app: 'x' }]);
});

test('Jobs and ReplicationControllers leave their pods, unless a delete says otherwise', async (t) => {
  const { registry } = await createFixture(t);
  const gone = async (type: typeof jobs, name: string, options: object = {}) => {
    const warnings: string[] = [];
    const result = await registry.delete({ ...at(type), name, ...options, warnings });
    return ['json' in result ? (result as Encoded).object.metadata.finalizers : 'gone', warnings.length];
  };
  for (const name of ['a', 'b', 'c']) await registry.create({ ...at(jobs), object: job(name) });
  t.deepEqual(await gone(jobs, 'a'), [['orphan'], 1]);
  t.deepEqual(await gone(jobs, 'b', { propagationPolicy: 'Background' }), ['gone', 0]);
  t.deepEqual(await gone(jobs, 'c', { propagationPolicy: 'Orphan' }), [['orphan'], 0]);
  const template = { metadata: { labels: { app: 'x' } }, spec: { containers: [container] } };
  const controller = object('v1', 'ReplicationController', 'a', { spec: { template } });
  await registry.create({ ...at(controllers), object: controller });
  t.deepEqual(await gone(controllers, 'a'), [['orphan'], 0]);
});

test('a collection of Jobs warns once', async (t) => {
  const { registry } = await createFixture(t);
  for (const name of ['a', 'b']) await registry.create({ ...at(jobs), object: job(name) });
  const warnings: string[] = [];
  await registry.deleteCollection({ ...at(jobs), warnings });
  t.is(warnings.length, 1);
});
