import test from 'ava';
import { at, createFixture, deployment, deployments, fields, object, pod, pods, typeOf } from './harness.ts';

const container = { name: 'main', image: 'host' };

test('labels in which pods must be like a new one become conditions', async (t) => {
  const { registry } = await createFixture(t);
  const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
  const labelSelector = { matchLabels: { app: 'web' } };
  const spec = {
    affinity: {
      podAntiAffinity: {
        [needed]: [
          { topologyKey: 'host', labelSelector, matchLabelKeys: ['rev'], mismatchLabelKeys: ['tenant', 'no'] },
        ],
      },
    },
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule', labelSelector, matchLabelKeys: ['rev'] },
    ],
  };
  const draft = pod('p', spec);
  Object.assign(draft.metadata, { labels: { app: 'web', rev: '7', tenant: 'a' } });
  const { spec: made } = fields(await registry.create({ ...at(pods), object: draft }));
  const revision = { key: 'rev', operator: 'In', values: ['7'] };
  const [term] = made.affinity.podAntiAffinity[needed];
  t.deepEqual(term.labelSelector.matchExpressions, [revision, { key: 'tenant', operator: 'NotIn', values: ['a'] }]);
  t.deepEqual(made.topologySpreadConstraints[0].labelSelector.matchExpressions, [revision]);
});

test('fields that are switched off in Kubernetes 1.35 are taken out', async (t) => {
  const { registry } = await createFixture(t);
  const spec = {
    workloadRef: { name: 'w', podGroup: 'g' },
    containers: [{ ...container, lifecycle: { stopSignal: 'SIGINT' } }],
    volumes: [{ name: 'v', projected: { sources: [{ clusterTrustBundle: { name: 'b', path: 'b' } }] } }],
  };
  const made = fields(await registry.create({ ...at(pods), object: pod('p', spec) })).spec;
  t.is(made.workloadRef, undefined);
  t.is(made.containers[0].lifecycle, undefined);
  t.deepEqual(made.volumes[0].projected.sources, [{}]);
  const web = deployment('web') as never as { spec: { template: { spec: object } } };
  Object.assign(web.spec.template.spec, { workloadRef: spec.workloadRef });
  const { template } = fields(await registry.create({ ...at(deployments), object: web as never })).spec;
  t.is(template.spec.workloadRef, undefined);
});

test('an annotation that names an AppArmor profile becomes a field', async (t) => {
  const { registry } = await createFixture(t);
  const draft = pod('p');
  Object.assign(draft.metadata, {
    annotations: { 'container.apparmor.security.beta.kubernetes.io/main': 'localhost/p' },
  });
  const { spec } = fields(await registry.create({ ...at(pods), object: draft }));
  t.deepEqual(spec.containers[0].securityContext.appArmorProfile, { type: 'Localhost', localhostProfile: 'p' });
});

test('which generation was observed is not forgotten by an old client', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(pods), object: pod('p') });
  const report = async (status: object) => {
    const draft = structuredClone(fields(await registry.get({ ...at(pods), name: 'p' })));
    draft.status = status;
    return fields((await registry.update({ ...at(pods), name: 'p', subresource: 'status', object: draft })).result)
      .status;
  };
  const ready = { type: 'Ready', status: 'True' };
  await report({ observedGeneration: 1, conditions: [{ ...ready, observedGeneration: 1 }] });
  const status = await report({ conditions: [ready, { type: 'Initialized', status: 'True' }] });
  t.is(status.observedGeneration, 1);
  t.is(status.conditions[0].observedGeneration, 1);
  t.is(status.conditions[1].observedGeneration, undefined);
});

test('a bound pod says for which generation, and has no other node in view', async (t) => {
  const { registry } = await createFixture(t);
  await registry.create({ ...at(pods), object: pod('p') });
  const draft = structuredClone(fields(await registry.get({ ...at(pods), name: 'p' })));
  draft.status.nominatedNodeName = 'm';
  await registry.update({ ...at(pods), name: 'p', subresource: 'status', object: draft });
  const binding = object('v1', 'Binding', 'p', { target: { kind: 'Node', name: 'n' } });
  await registry.create({ ...at(pods), name: 'p', subresource: 'binding', object: binding });
  const { status, metadata } = fields(await registry.get({ ...at(pods), name: 'p' }));
  t.is(status.nominatedNodeName, undefined);
  t.is(status.conditions[0].observedGeneration, metadata.generation);
});

test('warnings come with what was created or changed', async (t) => {
  const { registry } = await createFixture(t);
  const request = at(pods);
  await registry.create({ ...request, object: pod('p', { terminationGracePeriodSeconds: -1 }) });
  t.deepEqual(request.warnings, [
    'spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
  ]);
  await registry.create({ ...at(deployments), object: deployment('web') });
  const change = at(typeOf('deployments', 'apps'));
  const patch = { spec: { template: { spec: { nodeSelector: { 'beta.kubernetes.io/arch': 'amd64' } } } } };
  await registry.patch({ ...change, name: 'web', patchType: 'application/merge-patch+json', patch });
  t.deepEqual(change.warnings, [
    'spec.template.spec.nodeSelector[beta.kubernetes.io/arch]: deprecated since v1.14; use "kubernetes.io/arch" instead',
  ]);
});
