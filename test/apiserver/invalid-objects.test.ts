import test from 'ava';
import { startTestApiServer, type TestApiServer } from '../support/api-server.ts';
import { type Kubectl, kubectlFor } from '../support/kubectl.ts';

/** The mistakes that people make most, and what kubectl tells them. */
let api: TestApiServer;
let kubectl: Kubectl;

test.before(async () => {
  api = await startTestApiServer();
  kubectl = kubectlFor(api.kubeconfig);
});

test.after.always(async () => {
  await api?.close();
});

const pod = 'spec: { containers: [{ name: c, image: i }]';

test('new objects are refused with what is wrong with them', async (t) => {
  const cases: [manifest: string, text: string][] = [
    [
      `{ apiVersion: batch/v1, kind: Job, metadata: { name: j }, spec: { template: { ${pod} } } } }`,
      'The Job "j" is invalid: spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"',
    ],
    [
      `{ apiVersion: batch/v1, kind: CronJob, metadata: { name: c }, spec: { schedule: "every day", jobTemplate: { spec: { template: { ${pod}, restartPolicy: Never } } } } } }`,
      'The CronJob "c" is invalid: spec.schedule: Invalid value: "every day": expected exactly 5 fields, found 2: [every day]',
    ],
    [
      '{ apiVersion: v1, kind: PersistentVolumeClaim, metadata: { name: p }, spec: { accessModes: [ReadWriteOnce] } }',
      'The PersistentVolumeClaim "p" is invalid: spec.resources[storage]: Required value',
    ],
    [
      '{ apiVersion: networking.k8s.io/v1, kind: Ingress, metadata: { name: i }, spec: { rules: [{ http: { paths: [{ path: x, pathType: Prefix, backend: { service: { name: s, port: { number: 80 } } } }] } }] } }',
      'The Ingress "i" is invalid: spec.rules[0].http.paths[0].path: Invalid value: "x": must be an absolute path',
    ],
    [
      '{ apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, metadata: { name: h }, spec: { scaleTargetRef: { kind: Deployment, name: d }, minReplicas: 3, maxReplicas: 2 } }',
      'The HorizontalPodAutoscaler "h" is invalid: spec.maxReplicas: Invalid value: 2: must be greater than or equal to `minReplicas`',
    ],
  ];
  for (const [manifest, text] of cases) {
    const { code, stderr } = await kubectl('create -f -', manifest);
    t.is(code, 1, manifest);
    t.is(stderr.trim(), text);
  }
});

test('pods are refused, or taken with a warning, in the words that people know', async (t) => {
  const made = (name: string, spec: string): string =>
    `{ apiVersion: v1, kind: Pod, metadata: { name: ${name} }, spec: { serviceAccountName: s, automountServiceAccountToken: false, ${spec} } }`;
  t.is((await kubectl('create serviceaccount s')).code, 0);
  const bad = await kubectl(
    'create -f -',
    made(
      'bad',
      'containers: [{ name: c, image: i, volumeMounts: [{ name: v, mountPath: /v }] }], volumes: [{ name: V }]',
    ),
  );
  t.is(bad.code, 1);
  t.is(
    bad.stderr.trim(),
    `The Pod "bad" is invalid: 
* spec.volumes[0].name: Invalid value: "V": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
* spec.containers[0].volumeMounts[0].name: Not found: "v"`,
  );
  const warned = await kubectl(
    'apply -f -',
    made('odd', 'terminationGracePeriodSeconds: -5, containers: [{ name: c, image: i }]'),
  );
  t.is(warned.code, 0, warned.stderr);
  t.is(
    warned.stderr.trim(),
    'Warning: spec.terminationGracePeriodSeconds: must be >= 0; negative values are invalid and will be treated as 1',
  );
  const changed = await kubectl(
    'apply -f -',
    made('odd', 'terminationGracePeriodSeconds: -5, containers: [{ name: c, image: i, args: [x] }]'),
  );
  t.is(changed.code, 1);
  t.regex(
    changed.stderr,
    /^The Pod "odd" is invalid: spec: Forbidden: pod updates may not change fields other than `spec\.con/,
  );
  t.regex(changed.stderr, /^\+ \t+Args: \["x"\],$/m);
});

test('what may not change is refused', async (t) => {
  const claim = (mode: string): string =>
    `{ apiVersion: v1, kind: PersistentVolumeClaim, metadata: { name: data }, spec: { accessModes: [${mode}], resources: { requests: { storage: 1Gi } } } }`;
  t.is((await kubectl('apply -f -', claim('ReadWriteOnce'))).code, 0);
  const { code, stderr } = await kubectl('apply -f -', claim('ReadWriteMany'));
  t.is(code, 1);
  t.regex(stderr, /The PersistentVolumeClaim "data" is invalid: spec: Forbidden: spec is immutable after creation/);
});
