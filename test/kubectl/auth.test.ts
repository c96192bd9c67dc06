import { dirname } from 'node:path';
import test from 'ava';
import { scenario } from './support/scenario.ts';

const { user, sh, fails, file, names, template, dryRuns, enterNamespace } = scenario(test);

const rules = (what: string, parts: string[]) =>
  template(what, `{{range .rules}}${parts.map((part) => `{{range .${part}}}{{.}}:{{end}}`).join(' ')};{{end}}`);
const subjects = (what: string) =>
  template(what, '{{range .subjects}}{{if .namespace}}{{.namespace}}/{{end}}{{.name}}:{{end}}');

test.serial.before(() => enterNamespace('auth'));

test.serial('roles', async (t) => {
  await sh('kubectl get clusterroles/cluster-admin clusterrolebindings/cluster-admin');
  await sh("kubectl create role all --verb='*' --resource=pods");
  t.is(await rules('role all', ['verbs', 'resources', 'apiGroups']), '*: pods: :;');
  await sh('kubectl create role parts --verb=get,list --resource=pods/status,deployments.apps,replicasets.apps/scale');
  t.is(
    await rules('role parts', ['verbs', 'resources', 'apiGroups']),
    'get:list: pods/status: :;get:list: deployments:replicasets/scale: apps:;',
  );
  await sh('kubectl create role one --verb=get --resource=pods --resource-name=foo');
  t.is(await rules('role one', ['resources', 'resourceNames']), 'pods: foo:;');
  for (const [resource, text] of [
    ['nothing', 'the server doesn\'t have a resource type "nothing"'],
    ['deployments.nowhere', 'the server doesn\'t have a resource type "deployments" in group "nowhere"'],
    ['rs.nowhere/scale', 'the server doesn\'t have a resource type "rs" in group "nowhere"'],
  ]) {
    t.is(await fails(`kubectl create role bad --verb=get --resource=${resource}`), text!);
  }
  await sh("kubectl create clusterrole urls --verb=get --non-resource-url='/logs/*' --non-resource-url=/healthz");
  t.is(await rules('clusterrole urls', ['verbs', 'nonResourceURLs']), 'get: /logs/*:/healthz:;');
  t.regex(await sh('kubectl describe clusterrole urls'), /\[\/healthz\]\s+\[\]\s+\[get\]/);
  await sh(
    'kubectl create clusterrole sum --aggregation-rule=part-of=sum && kubectl label clusterrole urls part-of=sum',
  );
  await sh("kubectl wait clusterrole/sum --for=jsonpath='{.rules[0].verbs[0]}'=get");
  t.regex(
    await sh('kubectl delete clusterrole urls sum -n auth 2>&1'),
    /cluster-scoped resources[\s\S]*clusterrole\.rbac\.authorization\.k8s\.io "urls" deleted/,
  );
});

test.serial('bindings', async (t) => {
  await sh('kubectl create clusterrolebinding many --clusterrole=view --user=a --group=b --serviceaccount=ns:c');
  await sh('kubectl set subject clusterrolebinding many --user=d --group=e --serviceaccount=ns:f');
  t.is(await subjects('clusterrolebinding many'), 'a:b:ns/c:d:e:ns/f:');
  await sh(
    'kubectl create rolebinding one --role=all --user=a && kubectl create rolebinding two --clusterrole=view --user=b',
  );
  t.is(await template('rolebindings', '{{range .items}}{{.roleRef.kind}}:{{end}}'), 'Role:ClusterRole:');
  await sh('kubectl set subject rolebinding --all --user=everybody');
  t.is(`${await subjects('rolebinding one')} ${await subjects('rolebinding two')}`, 'a:everybody: b:everybody:');
  await sh('kubectl delete clusterrolebinding many');
});

test.serial('auth reconcile makes roles be as they are written', async (t) => {
  const api = { apiVersion: 'rbac.authorization.k8s.io/v1' };
  const apiGroup = 'rbac.authorization.k8s.io';
  const metadata = (name: string) => ({ name, namespace: 'reconciled' });
  const role = (verbs: string[]) => ({
    ...api,
    kind: 'Role',
    metadata: metadata('r'),
    rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
  });
  const binding = {
    ...api,
    kind: 'RoleBinding',
    metadata: metadata('rb'),
    roleRef: { apiGroup, kind: 'Role', name: 'r' },
    subjects: [{ apiGroup, kind: 'User', name: 'jane' }],
  };
  const more = file('more.json', role(['get', 'list']), binding);
  t.regex(await sh(`kubectl auth reconcile --dry-run=client -f ${more}`), /reconciled \(dry run\)/);
  t.is(await names('roles -n reconciled'), '');
  await sh(`kubectl auth reconcile -f ${more}`);
  const less = file('less.json', role(['get']), binding);
  await sh(`kubectl auth reconcile -f ${less}`);
  t.is(await rules('role r -n reconciled', ['verbs']), 'get:list:;');
  await sh(`kubectl auth reconcile -f ${less} --remove-extra-permissions`);
  t.is(await rules('role r -n reconciled', ['verbs']), 'get:;');
});

test.serial('who may do what', async (t) => {
  t.is(await sh('kubectl auth can-i get pods'), 'yes\n');
  t.is(await sh('kubectl auth can-i get pods --as bob || true'), 'no\n');
  t.is(await sh('kubectl auth can-i get /logs/'), 'yes\n');
  t.is(await sh('kubectl auth can-i get pods --subresource=log --quiet && echo fine'), 'fine\n');
  t.regex(await sh('kubectl auth can-i get nothing 2>&1'), /doesn't have a resource type 'nothing'\n+yes\n/);
  t.regex(await sh('kubectl auth can-i --list --as jane -n reconciled'), /^pods\s+\[\]\s+\[\]\s+\[get\]$/m);
  t.regex(await sh('kubectl auth whoami'), /Groups\s+\[system:masters system:authenticated\]/);
  t.regex(
    await sh('kubectl auth whoami --as=joe --as-uid=7 --as-user-extra=a=b -o yaml'),
    /extra:\n {6}a:\n {6}- b\n[\s\S]*uid: "7"\n {4}username: joe/,
  );
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SubjectAccessReview',
    spec: { user: 'jane', resourceAttributes: { resource: 'pods', verb: 'get', namespace: 'reconciled' } },
  };
  const path = file('review.json', review);
  await sh(`kubectl create -f ${path} --validate=false`);
  const { servers, dataDir } = user.cluster;
  const curl = `curl -fsS --cacert ${dataDir}/pki/ca.crt --cert ${dataDir}/pki/client.crt --key ${dataDir}/pki/client.key`;
  const url = `${servers[0]}/apis/authorization.k8s.io/v1/subjectaccessreviews`;
  // Without a content type, and for people to read.
  t.regex(await sh(`${curl} -H Content-Type: ${url} -d @${path}`), /"allowed": true/);
  const token = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenReview', spec: { token: 'x' } };
  await sh(`kubectl create -f ${file('token.json', token)} --validate=false`);
});

test.serial('certificates and impersonation', async (t) => {
  const folder = dirname(file('any', ''));
  await sh(
    `cd ${folder} && openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out csr.pem -subj /CN=jane/O=devs 2>/dev/null`,
  );
  const request = (await sh(`base64 -w0 ${folder}/csr.pem`)).trim();
  const csr = file('csr.json', {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'foo' },
    spec: { request, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
  });
  const conditions = () => template('csr foo', '{{range .status.conditions}}{{.type}}{{end}}');
  for (const [how, outcome] of [
    ['approve foo', 'Approved'],
    [`approve -f ${csr}`, 'Approved'],
    ['deny foo', 'Denied'],
    [`deny -f ${csr}`, 'Denied'],
  ]) {
    await sh(`kubectl create -f ${csr}`);
    t.is(await conditions(), '');
    await sh(`kubectl certificate ${how}`);
    t.is(await conditions(), outcome!);
    t.regex(await sh('kubectl describe csr foo'), /Common Name:\s+jane/);
    await sh(`kubectl delete -f ${csr}`);
  }
  t.regex(await fails('kubectl get pods --as-group=devs'), /without impersonating a user/);
  await sh('kubectl create clusterrolebinding asker --clusterrole=cluster-admin --user=asker');
  const asked = () => template('csr foo', '{{.spec.username}}:{{range .spec.groups}} {{.}}{{end}}');
  await sh(`kubectl create -f ${csr} --as=asker`);
  t.is(await asked(), 'asker: system:authenticated');
  await sh(`kubectl delete csr foo && kubectl create -f ${csr} --as=asker --as-group=b --as-group=a --as-group=,,,c`);
  t.is(await asked(), 'asker: b a ,,,c system:authenticated');
  await sh(`kubectl certificate approve foo && kubectl wait csr/foo --for=jsonpath='{.status.certificate}'`);
  await sh(`kubectl get csr foo -o jsonpath='{.status.certificate}' | base64 -d > ${folder}/crt.pem`);
  await dryRuns('kubectl delete csr foo');
  t.regex(
    await fails(
      `kubectl get pods --client-certificate=${folder}/crt.pem --client-key=${folder}/key.pem -n kube-system`,
    ),
    /User "jane" cannot list resource "pods"/,
  );
});

test.serial('credentials from a program', async (t) => {
  const token = (await sh('kubectl create token default')).trim();
  await sh('kubectl create clusterrolebinding viewer --clusterrole=view --serviceaccount=auth:default');
  const version = 'client.authentication.k8s.io/v1';
  const config = (name: string, command: string, args: string[] = []) =>
    file(name, {
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: 'u' } }],
      clusters: [{ name: 'c', cluster: { server: user.cluster.servers[0], 'insecure-skip-tls-verify': true } }],
      users: [{ name: 'u', user: { exec: { apiVersion: version, command, args, interactiveMode: 'IfAvailable' } } }],
    });
  const credential = JSON.stringify({ apiVersion: version, kind: 'ExecCredential', status: { token } });
  const get = 'get ns kube-system -o name';
  const good = config('good.json', 'echo', [credential]);
  const bad = config('bad.json', 'ls');
  t.is(await sh(`kubectl --kubeconfig=${good} ${get}`), 'namespace/kube-system\n');
  t.regex(await fails(`kubectl --kubeconfig=${bad} ${get}`), /decoding stdout/);
  t.is(await sh(`kubectl --kubeconfig=${bad} --token=${token} ${get}`), 'namespace/kube-system\n');
  t.regex(await fails(`kubectl --kubeconfig=${good} --username=a --password=b ${get}`), /Unauthorized/);
  t.regex(await fails(`kubectl --kubeconfig=${bad} --token=nonsense ${get}`), /Unauthorized/);
});
