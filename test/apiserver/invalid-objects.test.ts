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

test('what may not change is refused', async (t) => {
  const claim = (mode: string): string =>
    `{ apiVersion: v1, kind: PersistentVolumeClaim, metadata: { name: data }, spec: { accessModes: [${mode}], resources: { requests: { storage: 1Gi } } } }`;
  t.is((await kubectl('apply -f -', claim('ReadWriteOnce'))).code, 0);
  const { code, stderr } = await kubectl('apply -f -', claim('ReadWriteMany'));
  t.is(code, 1);
  t.regex(stderr, /The PersistentVolumeClaim "data" is invalid: spec: Forbidden: spec is immutable after creation/);
});
