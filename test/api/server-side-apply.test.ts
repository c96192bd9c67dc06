import test from 'ava';
import fc from 'fast-check';
import {
  type ApiError,
  applyConfiguration,
  applyDefaults,
  type KubernetesObject,
  type ManagedFieldsEntry,
  sameButForTimes,
  trackUpdate,
  typeOf,
} from '../../src/api/index.ts';

type Json = Record<string, unknown>;
type Spec = { replicas?: number; template: { spec: { containers: Json[] } } };
type Deployment = KubernetesObject & { spec: Spec };

const type = typeOf('apps/v1', 'Deployment')!;

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

const head = { apiVersion: 'apps/v1', kind: 'Deployment' };

function config(parts: { spec?: Json; metadata?: Json; containers?: Json[] }): Json {
  const { spec = {}, metadata = {}, containers = [{ name: 'c', image: 'nginx:1' }] } = parts;
  const labels = { app: 'web' };
  return {
    ...head,
    metadata: { name: 'web', namespace: 'default', ...metadata },
    spec: { selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } }, ...spec },
  };
}

interface Options {
  live?: KubernetesObject;
  manager?: string;
  force?: boolean;
  now?: number;
}

function apply(configuration: Json, { live, manager = 'kubectl', force = false, now = 0 }: Options = {}): Deployment {
  const result = applyConfiguration({ type, live: frozen(live), config: frozen(configuration), manager, force, now });
  applyDefaults(result as unknown as KubernetesObject);
  return result as unknown as Deployment;
}

function update(
  live: KubernetesObject,
  change: (object: Deployment) => void,
  manager: string,
  subresource = '',
): Deployment {
  const next = structuredClone(live) as Deployment;
  change(next);
  applyDefaults(next);
  trackUpdate({ type, live: frozen(live), next, manager, subresource, now: 5000 });
  return next;
}

function entryOf(object: KubernetesObject, manager: string): ManagedFieldsEntry | undefined {
  return object.metadata.managedFields?.find((entry) => entry.manager === manager);
}

const withoutMetadata = ({ metadata: _, ...rest }: KubernetesObject): object => rest;

test('what is applied is owned, in the form of Kubernetes', (t) => {
  const applied = apply(
    config({ spec: { replicas: 2 }, containers: [{ name: 'c', image: 'i', ports: [{ containerPort: 80 }] }] }),
  );
  t.deepEqual(applied.metadata.managedFields, [
    {
      manager: 'kubectl',
      operation: 'Apply',
      apiVersion: 'apps/v1',
      time: '1970-01-01T00:00:00Z',
      fieldsType: 'FieldsV1',
      fieldsV1: {
        'f:spec': {
          'f:replicas': {},
          'f:selector': {},
          'f:template': {
            'f:metadata': { 'f:labels': { 'f:app': {} } },
            'f:spec': {
              'f:containers': {
                'k:{"name":"c"}': {
                  '.': {},
                  'f:image': {},
                  'f:name': {},
                  'f:ports': { 'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {} } },
                },
              },
            },
          },
        },
      },
    },
  ] as ManagedFieldsEntry[]);
});

test('what is created otherwise is owned with its defaults, but for what is always there', (t) => {
  const created = config({ metadata: { labels: { a: 'b' }, finalizers: ['x/y'] } }) as unknown as Deployment;
  applyDefaults(created);
  trackUpdate({ type, live: undefined, next: created, manager: 'kubectl-create', now: 0 });
  const fields = entryOf(created, 'kubectl-create')!.fieldsV1 as { 'f:metadata': Json; 'f:spec': Json };
  t.deepEqual(fields['f:metadata'], {
    'f:finalizers': { '.': {}, 'v:"x/y"': {} },
    'f:labels': { '.': {}, 'f:a': {} },
  });
  t.deepEqual(fields['f:spec']['f:strategy'], {
    'f:rollingUpdate': { '.': {}, 'f:maxSurge': {}, 'f:maxUnavailable': {} },
    'f:type': {},
  });
  t.is(entryOf(created, 'kubectl-create')!.operation, 'Update');
});

test('applying the same again changes nothing, not even the time', (t) => {
  const once = apply(config({ spec: { replicas: 2 } }));
  const twice = apply(config({ spec: { replicas: 2 } }), { live: once, now: 60_000 });
  t.deepEqual(twice, once);
  t.true(sameButForTimes(twice, once));
});

test('what is no longer applied is removed, unless someone else owns it', (t) => {
  const sidecar = { name: 'sidecar', image: 's:1' };
  const full = apply(
    config({
      spec: { replicas: 3, minReadySeconds: 5 },
      containers: [{ name: 'c', image: 'i', args: ['x'] }, sidecar],
    }),
  );
  const shared = apply(
    { ...head, metadata: { name: 'web' }, spec: { minReadySeconds: 5 } },
    { live: full, manager: 'other' },
  );
  const less = apply(config({ containers: [{ name: 'c', image: 'i' }] }), { live: shared });
  t.is(less.spec.replicas, 1, 'the default is back');
  t.is((less.spec as unknown as Json)['minReadySeconds'], 5);
  t.deepEqual(
    less.spec.template.spec.containers.map(({ name, args }) => [name, args]),
    [['c', undefined]],
  );
});

test('a value that another manager set is a conflict', (t) => {
  const applied = apply(config({ spec: { replicas: 2 } }));
  const scaled = update(
    applied,
    (object) => {
      object.spec.replicas = 5;
    },
    'autoscaler',
    'scale',
  );
  t.deepEqual(entryOf(scaled, 'autoscaler')?.fieldsV1, { 'f:spec': { 'f:replicas': {} } });
  const error = t.throws(() => apply(config({ spec: { replicas: 2 } }), { live: scaled })) as unknown as ApiError;
  t.is(error.httpCode, 409);
  t.is(
    error.message,
    'Apply failed with 1 conflict: conflict with "autoscaler" with subresource "scale" using apps/v1: .spec.replicas',
  );
  t.deepEqual(error.status.details?.causes, [
    {
      reason: 'FieldManagerConflict',
      message: 'conflict with "autoscaler" with subresource "scale" using apps/v1',
      field: '.spec.replicas',
    },
  ]);
  // The same value is shared, and nothing said is no claim.
  t.is(apply(config({ spec: { replicas: 5 } }), { live: scaled }).spec.replicas, 5);
  t.is(apply(config({}), { live: scaled }).spec.replicas, 5);
});

test('what client-side apply has set, kubectl goes on with from the server side; what was changed since is a conflict', (t) => {
  const annotation = 'kubectl.kubernetes.io/last-applied-configuration';
  const applied = config({ spec: { replicas: 1, minReadySeconds: 1 } });
  const annotations = { [annotation]: JSON.stringify(applied) };
  const live = config({
    spec: { replicas: 1, minReadySeconds: 1 },
    metadata: { annotations },
  }) as unknown as KubernetesObject;
  applyDefaults(live);
  trackUpdate({ type, live: undefined, next: live, manager: 'kubectl-client-side-apply', now: 0 });
  const wanted = config({
    spec: { replicas: 1, minReadySeconds: 2 },
    containers: [{ name: 'c', image: 'nginx:2', args: ['<&>'] }],
  });
  const next = apply(wanted, { live });
  t.like(next.spec, { replicas: 1, minReadySeconds: 2 });
  t.deepEqual(JSON.parse(next.metadata.annotations![annotation]!), {
    ...wanted,
    metadata: { annotations: {}, name: 'web', namespace: 'default' },
  });
  t.regex(next.metadata.annotations![annotation]!, /^\{"apiVersion":.*"args":\["\\u003c\\u0026\\u003e"\].*\n$/);

  const scaled = update(
    live,
    ({ spec }) => {
      spec.replicas = 5;
    },
    'scaler',
  );
  const message = /^Apply failed with 1 conflict: conflict with "scaler" using apps\/v1: \.spec\.replicas$/;
  t.throws(() => apply(wanted, { live: scaled }), { message });
  t.throws(() => apply(wanted, { live, manager: 'other' }), { message: /"kubectl-client-side-apply"/ });
  t.is(apply(wanted).metadata.annotations?.[annotation], undefined);
});

test('several conflicts are listed by manager', (t) => {
  const a = apply(config({ spec: { replicas: 1 } }), { manager: 'a' });
  const b = apply({ ...head, metadata: { name: 'web' }, spec: { minReadySeconds: 1 } }, { live: a, manager: 'b' });
  const mine = config({ spec: { replicas: 2, minReadySeconds: 2 }, containers: [{ name: 'c', image: 'other' }] });
  const error = t.throws(() => apply(mine, { live: b, manager: 'c' }));
  t.is(
    error!.message,
    'Apply failed with 3 conflicts: conflicts with "a":\n- .spec.replicas\n- .spec.template.spec.containers[name="c"].image\nconflicts with "b":\n- .spec.minReadySeconds',
  );
});

test('force takes fields over', (t) => {
  const first = apply(config({ spec: { replicas: 1 } }), { manager: 'a' });
  const taken = apply(
    { ...head, metadata: { name: 'web' }, spec: { replicas: 2 } },
    { live: first, manager: 'b', force: true, now: 9000 },
  );
  t.is(taken.spec.replicas, 2);
  const fields = entryOf(taken, 'a')!.fieldsV1 as { 'f:spec': Json };
  t.false(Object.hasOwn(fields['f:spec'], 'f:replicas'));
  t.deepEqual(entryOf(taken, 'b')!.fieldsV1, { 'f:spec': { 'f:replicas': {} } });
  t.is(entryOf(taken, 'b')!.time, '1970-01-01T00:00:09Z');
});

test('updates take what they change and drop what they remove from whoever had it', (t) => {
  const applied = apply(config({ spec: { replicas: 2 }, metadata: { labels: { a: '1', b: '2' } } }));
  const changed = update(
    applied,
    ({ metadata }) => {
      metadata.labels = { a: 'new' };
    },
    'editor',
  );
  const fields = entryOf(changed, 'kubectl')!.fieldsV1 as { 'f:metadata'?: Json };
  t.is(fields['f:metadata'], undefined);
  t.deepEqual(entryOf(changed, 'editor')!.fieldsV1, { 'f:metadata': { 'f:labels': { 'f:a': {} } } });
  const same = update(changed, () => {}, 'nobody');
  t.deepEqual(same, changed);
  const again = update(
    changed,
    ({ metadata }) => {
      metadata.labels = { a: 'new', c: '3' };
    },
    'editor',
  );
  t.deepEqual(entryOf(again, 'editor')!.fieldsV1, { 'f:metadata': { 'f:labels': { 'f:a': {}, 'f:c': {} } } });
});

test('each endpoint tracks only what it changes', (t) => {
  const created = config({}) as unknown as Deployment;
  (created as unknown as Json)['status'] = { replicas: 3 };
  trackUpdate({ type, live: undefined, next: created, manager: 'm', now: 0 });
  t.false(Object.hasOwn(entryOf(created, 'm')!.fieldsV1 as Json, 'f:status'));
  const next = structuredClone(created) as unknown as Json;
  next['status'] = { replicas: 4 };
  (next['spec'] as Json)['paused'] = true;
  trackUpdate({
    type,
    live: created,
    next: next as unknown as KubernetesObject,
    manager: 's',
    subresource: 'status',
    now: 0,
  });
  t.deepEqual(entryOf(next as unknown as KubernetesObject, 's')!.fieldsV1, { 'f:status': { 'f:replicas': {} } });
  t.is(entryOf(next as unknown as KubernetesObject, 's')!.subresource, 'status');
});

test("what admission sets or changes is nobody's, and takes nothing from others", (t) => {
  const asked = config({ metadata: { labels: { a: 'b' } } }) as unknown as Deployment;
  applyDefaults(asked);
  const created = structuredClone(asked);
  created.metadata.labels = { a: 'b', injected: 'x' };
  Object.assign(created.spec!.template.spec!, { serviceAccountName: 'default' });
  trackUpdate({ type, live: undefined, next: created, asked, manager: 'm', now: 0 });
  const plain = structuredClone(asked);
  trackUpdate({ type, live: undefined, next: plain, manager: 'm', now: 0 });
  t.deepEqual(created.metadata.managedFields, plain.metadata.managedFields);

  const wanted = structuredClone(created);
  Object.assign(wanted.spec!, { paused: true });
  const next = structuredClone(wanted);
  next.spec!.replicas = 7;
  trackUpdate({ type, live: frozen(created), next, asked: wanted, manager: 'n', now: 0 });
  t.deepEqual(entryOf(next, 'n')!.fieldsV1, { 'f:spec': { 'f:paused': {} } });
  t.deepEqual(entryOf(next, 'm')!.fieldsV1, entryOf(created, 'm')!.fieldsV1);
});

test('managedFields can be reset by a client, and nonsense in them is ignored', (t) => {
  const applied = apply(config({}));
  const reset = update(
    applied,
    ({ metadata }) => {
      metadata.managedFields = [{}];
    },
    'x',
  );
  t.is(reset.metadata.managedFields, undefined);
  const nonsense: ManagedFieldsEntry[][] = [
    [{ manager: 'm', operation: 'Steal', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: {} }],
    [{ manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { spec: {} } }],
    [{ manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: { 'f:spec': 1 } }],
    [{ manager: 'm', operation: 'Update', apiVersion: 'v1', fieldsType: 'FieldsV1', fieldsV1: 'x' }],
  ];
  for (const entries of nonsense) {
    const kept = update(
      applied,
      ({ metadata }) => {
        metadata.managedFields = entries;
      },
      'x',
    );
    t.deepEqual(kept.metadata.managedFields, applied.metadata.managedFields);
  }
  const chosen = update(
    applied,
    ({ metadata }) => {
      metadata.managedFields = metadata.managedFields!.map((entry) => ({ ...entry, manager: 'renamed' }));
    },
    'x',
  );
  t.is(chosen.metadata.managedFields![0]!.manager, 'renamed');
  t.throws(() => apply(config({ metadata: { managedFields: [] } })), { message: 'metadata.managedFields must be nil' });
});

test('the oldest of many updating managers are summed up', (t) => {
  let object: Deployment = apply(config({}));
  for (let index = 0; index < 14; index++) {
    const next = structuredClone(object);
    next.metadata.labels = { ...next.metadata.labels, [`l${index}`]: 'x' };
    trackUpdate({ type, live: object, next, manager: `m${index}`, now: index * 1000 });
    object = next;
  }
  const updates = object.metadata.managedFields!.filter(({ operation }) => operation === 'Update');
  t.is(updates.length, 11);
  const ancient = entryOf(object, 'ancient-changes')!.fieldsV1 as { 'f:metadata': { 'f:labels': Json } };
  t.true(Object.hasOwn(ancient['f:metadata']['f:labels'], 'f:l0'));
  t.true(Object.hasOwn(ancient['f:metadata']['f:labels'], 'f:l3'));
});

test('two of the same key in a list are one value, and refused when applied', (t) => {
  const port = (name: string): Json => ({ name, containerPort: 53 });
  const twins = config({ containers: [{ name: 'c', image: 'i', ports: [port('a'), port('b')] }] });
  const live = apply(config({}));
  const next = update(
    live,
    (object) => {
      object.spec.template.spec.containers[0]!['ports'] = [port('a'), port('b')];
    },
    'u',
  );
  t.is((next.spec.template.spec.containers[0]!['ports'] as Json[]).length, 2);
  t.throws(() => apply(twins, { live: next, manager: 'k' }), { message: /duplicate entries for key/ });
  const other = apply(config({ spec: { replicas: 4 } }), { live: next });
  t.is((other.spec.template.spec.containers[0]!['ports'] as Json[]).length, 2);
});

const container = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    image: fc.constantFrom('1', '2'),
    args: fc.array(fc.constantFrom('x', 'y'), { minLength: 1, maxLength: 2 }),
    env: fc.uniqueArray(fc.record({ name: fc.constantFrom('A', 'B'), value: fc.constantFrom('1', '2') }), {
      selector: ({ name }) => name,
      minLength: 1,
    }),
  },
  { requiredKeys: ['name', 'image'] },
);
const configuration = fc
  .record({
    spec: fc.record(
      { replicas: fc.nat(3), minReadySeconds: fc.nat(3), paused: fc.constant(true) },
      { requiredKeys: [] },
    ),
    labels: fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.constantFrom('1', '2'), { noNullPrototype: true }),
    containers: fc.uniqueArray(container, { selector: ({ name }) => name, minLength: 1 }),
  })
  .map(({ spec, labels, containers }) => config({ spec, metadata: { labels }, containers: containers as Json[] }));

test('one manager alone gets exactly what it applied last', (t) => {
  fc.assert(
    fc.property(configuration, configuration, (before, after) => {
      const moved = apply(after, { live: apply(before) });
      const fresh = apply(after);
      t.deepEqual(withoutMetadata(sorted(moved)), withoutMetadata(sorted(fresh)));
      t.deepEqual(moved.metadata.labels, fresh.metadata.labels);
      t.deepEqual(moved.metadata.managedFields?.[0]?.fieldsV1, fresh.metadata.managedFields?.[0]?.fieldsV1);
    }),
  );
});

test('with force nobody but the last owns a changed field', (t) => {
  fc.assert(
    fc.property(configuration, configuration, (first, second) => {
      const one = apply(first, { manager: 'one' });
      const two = apply(second, { live: one, manager: 'two', force: true });
      // So the first can only apply without conflict what the second agrees to.
      t.notThrows(() => apply(second, { live: two, manager: 'two' }));
      const back = apply(first, { live: two, manager: 'one', force: true });
      t.deepEqual(entryOf(back, 'one')?.fieldsV1, entryOf(one, 'one')?.fieldsV1);
    }),
  );
});

/** Containers by name: their order is that of whoever was there first. */
function sorted(object: Deployment): Deployment {
  const copy = structuredClone(object);
  copy.spec.template.spec.containers.sort((a, b) => (String(a['name']) < String(b['name']) ? -1 : 1));
  return copy;
}

test('who gives up all that it had of metadata leaves the object its name', (t) => {
  const annotated = applyConfiguration({
    type,
    live: undefined,
    manager: 'one',
    now: 0,
    config: config({ metadata: { annotations: { a: 'b' } } }),
    force: false,
  }) as unknown as Deployment;
  const applied = applyConfiguration({
    type,
    live: annotated,
    manager: 'one',
    now: 0,
    config: config({}),
    force: false,
  });
  const { managedFields: _, ...metadata } = (applied as unknown as Deployment).metadata;
  t.deepEqual(metadata, { name: 'web', namespace: 'default' });
});
