import test from 'ava';
import { startTestApiServer, type TestApiServer } from '../../support/api-server.ts';
import { type Kubectl, kubectlFor } from '../../support/kubectl.ts';
import { startWebhookServer, type WebhookServer } from '../../support/webhook-server.ts';

/** Admission as a user of kubectl meets it. */
let api: TestApiServer;
let kubectl: Kubectl;
let webhook: WebhookServer;

test.before(async () => {
  api = await startTestApiServer();
  kubectl = kubectlFor(api.kubeconfig);
  webhook = await startWebhookServer(
    ({ request, path }) => {
      if (path.startsWith('/mutate')) {
        return { allowed: true, patch: [{ op: 'add', path: '/data/by', value: request.userInfo.username }] };
      }
      const bad = request.object?.data?.bad !== undefined;
      return { allowed: !bad, status: { message: 'bad data', code: 403 }, warnings: ['looked at it'] };
    },
    ['hooks.default.svc', '127.0.0.1'],
  );
});

test.after.always(async () => {
  await webhook?.close();
  await api?.close();
});

const apply = async (text: string) => kubectl('apply -f -', text);

test.serial('webhooks behind a service change and refuse', async (t) => {
  const service = `
apiVersion: v1
kind: Service
metadata: { name: hooks }
spec: { ports: [{ port: 443 }], clusterIP: None }
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: { name: hooks-1, labels: { kubernetes.io/service-name: hooks } }
addressType: IPv4
ports: [{ name: "", port: ${webhook.port} }]
endpoints: [{ addresses: [127.0.0.1] }]
`;
  const hook = (kind: string, path: string) => `
apiVersion: admissionregistration.k8s.io/v1
kind: ${kind}
metadata: { name: hooks }
webhooks:
- name: ${path}.example.com
  admissionReviewVersions: [v1]
  sideEffects: None
  clientConfig: { caBundle: ${webhook.caBundle}, service: { name: hooks, namespace: default, path: /${path} } }
  rules: [{ operations: [CREATE], apiGroups: [""], apiVersions: [v1], resources: [configmaps] }]
`;
  t.is((await apply(service)).code, 0);
  const registered = await apply(
    `${hook('MutatingWebhookConfiguration', 'mutate')}---${hook('ValidatingWebhookConfiguration', 'check.it')}`,
  );
  t.is(registered.code, 0, registered.stderr);

  const made = await kubectl('create configmap good --from-literal=a=1');
  t.is(made.stdout, 'configmap/good created\n');
  t.is(made.stderr, 'Warning: looked at it\n');
  t.is((await kubectl('get configmap good -o jsonpath={.data.by}')).stdout, 'admin');

  const refused = await kubectl('create configmap worse --from-literal=bad=1');
  t.is(refused.code, 1);
  t.regex(
    refused.stderr,
    /error: failed to create configmap: admission webhook "check\.it\.example\.com" denied the request: bad data\n$/,
  );
  const listed = await kubectl('get validatingwebhookconfigurations');
  t.regex(listed.stdout, /NAME +WEBHOOKS +AGE\nhooks +1/);
  t.is((await kubectl('delete mutatingwebhookconfiguration,validatingwebhookconfiguration hooks')).code, 0);
});

test.serial('a policy with parameters refuses', async (t) => {
  const policy = `
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: { name: replica-limit }
spec:
  paramKind: { apiVersion: v1, kind: ConfigMap }
  matchConstraints:
    resourceRules: [{ operations: [CREATE, UPDATE], apiGroups: [apps], apiVersions: [v1], resources: [deployments] }]
  validations:
  - expression: object.spec.replicas <= int(params.data.maxReplicas)
    messageExpression: "'at most ' + params.data.maxReplicas + ' replicas'"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: { name: replica-limit-default }
spec:
  policyName: replica-limit
  validationActions: [Deny]
  paramRef: { name: limits, namespace: default, parameterNotFoundAction: Deny }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: limits }
data: { maxReplicas: "3" }
`;
  const applied = await apply(policy);
  t.is(applied.code, 0, applied.stderr);
  t.is((await kubectl('create deployment web --image=host --replicas=3')).code, 0);
  const refused = await kubectl('create deployment large --image=host --replicas=4');
  t.is(refused.code, 1);
  t.regex(
    refused.stderr,
    /ValidatingAdmissionPolicy 'replica-limit' with binding 'replica-limit-default' denied request: at most 3 replicas/,
  );
  const scaled = await kubectl('patch deployment web -p {"spec":{"replicas":9}}');
  t.regex(
    scaled.stderr,
    /^The deployments "web" is invalid: : ValidatingAdmissionPolicy 'replica-limit' .*: at most 3 replicas\n$/,
  );
  const broken = await apply(policy.replace('object.spec.replicas <=', 'object.spec.replicas <== '));
  t.regex(
    broken.stderr,
    /spec\.validations\[0\]\.expression: Invalid value: .*compilation failed: ERROR: <input>:1:24: Syntax error/,
  );
});
