import test from 'ava';
import { type rbacv1, resources } from '../../src/api/index.ts';
import { defaultClusterRoleBindings, defaultClusterRoles } from '../../src/apiserver/index.ts';
import { startTestApiServer, type TestApiServer } from '../support/api-server.ts';
import { type Kubectl, kubectlFor } from '../support/kubectl.ts';

let server: TestApiServer;
let kubectl: Kubectl;
test.before(async () => {
  server = await startTestApiServer();
  kubectl = kubectlFor(server.kubeconfig);
  // A user who may write roles and bindings, and read pods.
  await kubectl(
    'create clusterrole manager --verb=get,list,create,update,patch,delete --resource=roles,rolebindings,clusterroles,clusterrolebindings',
  );
  await kubectl('create clusterrolebinding manager --clusterrole=manager --user=mary');
  await kubectl('create clusterrole pod-reader --verb=get,list --resource=pods');
  await kubectl('create clusterrolebinding mary-reads --clusterrole=pod-reader --user=mary');
});
test.after.always(() => server.close());

const asMary = async (args: string, input?: string) => kubectl(`${args} --as=mary --as-group=managers`, input);

test('who writes a role must hold what is in it', async (t) => {
  t.is((await asMary('create role reads --verb=get,list --resource=pods')).code, 0);
  const { code, stderr } = await asMary('create role more --verb=delete,list,create --resource=pods,secrets');
  t.is(code, 1);
  t.is(
    stderr,
    `Error from server (Forbidden): roles.rbac.authorization.k8s.io "more" is forbidden: user "mary" (groups=["managers" "system:authenticated"]) is attempting to grant RBAC permissions not currently held:
{APIGroups:[""], Resources:["pods"], Verbs:["delete" "create"]}
{APIGroups:[""], Resources:["secrets"], Verbs:["delete" "list" "create"]}
`,
  );
});

test('a role may be written again with fewer rules, but not with more', async (t) => {
  t.is((await kubectl('create role shrinking --verb=get,delete --resource=pods')).code, 0);
  const patch = (verbs: string) =>
    `patch role shrinking --type=json -p=[{"op":"replace","path":"/rules/0/verbs","value":${verbs}}]`;
  t.regex((await asMary(patch('["get","delete","watch"]'))).stderr, /not currently held/);
  t.is((await asMary(patch('["get"]'))).code, 0);
  t.is((await asMary('label role shrinking a=b')).code, 0);
});

test('who binds a role must hold what is in it, or may bind it by name', async (t) => {
  t.is((await asMary('create rolebinding fine --clusterrole=pod-reader --user=jack')).code, 0);
  const refused = await asMary('create clusterrolebinding boss --clusterrole=cluster-admin --user=mary');
  t.regex(refused.stderr, /clusterrolebindings.rbac.authorization.k8s.io "boss" is forbidden: user "mary"/);
  t.regex(
    refused.stderr,
    /\{APIGroups:\["\*"\], Resources:\["\*"\], Verbs:\["\*"\]\}\n\{NonResourceURLs:\["\*"\], Verbs:\["\*"\]\}/,
  );
  await kubectl('create clusterrole may-bind --verb=bind --resource=clusterroles --resource-name=edit');
  await kubectl('create clusterrolebinding may-bind --clusterrole=may-bind --user=mary');
  t.is((await asMary('create rolebinding editors --clusterrole=edit --user=jill')).code, 0);
  t.regex((await asMary('create rolebinding admins --clusterrole=admin --user=jill')).stderr, /not currently held/);
  t.regex(
    (await asMary('create rolebinding none --clusterrole=no-such --user=jill')).stderr,
    /clusterroles.rbac.authorization.k8s.io "no-such" not found/,
  );
});

test('who may escalate writes any role; to aggregate takes all rights', async (t) => {
  await kubectl('create clusterrole escalator --verb=escalate,create --resource=roles');
  await kubectl('create clusterrolebinding escalator --clusterrole=escalator --user=eve');
  t.is((await kubectl('create role wide --verb=* --resource=secrets --as=eve')).code, 0);
  t.regex(
    (await asMary('create clusterrole gathers --aggregation-rule=team=a')).stderr,
    /must have cluster-admin privileges to use the aggregationRule/,
  );
});

test("a binding's role can't be changed", async (t) => {
  await kubectl('create rolebinding stays --clusterrole=view --user=jack');
  const { stderr } = await kubectl('patch rolebinding stays -p={"roleRef":{"name":"edit"}}');
  t.regex(stderr, /The RoleBinding "stays" is invalid: roleRef: Invalid value: .*: cannot change roleRef/s);
});

test('kubectl auth reconcile brings roles and bindings up to date', async (t) => {
  const objects = (verbs: string[]) =>
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'Role',
          metadata: { name: 'kept', namespace: 'default' },
          rules: [{ apiGroups: [''], resources: ['pods'], verbs }],
        },
        {
          apiVersion: 'rbac.authorization.k8s.io/v1',
          kind: 'RoleBinding',
          metadata: { name: 'kept', namespace: 'default' },
          roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'kept' },
          subjects: [{ kind: 'User', apiGroup: 'rbac.authorization.k8s.io', name: 'jack' }],
        },
      ],
    });
  const first = await kubectl('auth reconcile -f -', objects(['get']));
  t.is(first.code, 0, first.stderr);
  t.regex(first.stdout, /role.rbac.authorization.k8s.io\/kept reconciled/);
  const second = await kubectl('auth reconcile -f -', objects(['get', 'list']));
  t.is(second.code, 0, second.stderr);
  t.is((await kubectl('auth can-i list pods --as=jack')).stdout, 'yes\n');
});

test('kubectl auth can-i asks for oneself and for others, and lists', async (t) => {
  t.is((await asMary('auth can-i list pods')).stdout, 'yes\n');
  const no = await asMary('auth can-i delete pods');
  t.is(no.code, 1);
  t.is(no.stdout, 'no\n');
  t.is((await asMary('auth can-i get /healthz')).stdout, 'yes\n');
  const list = (await asMary('auth can-i --list')).stdout;
  t.regex(list, /^pods +\[\] +\[\] +\[get list\]$/m);
  t.regex(list, /^selfsubjectreviews.authentication.k8s.io +\[\] +\[\] +\[create\]$/m);
  t.regex(list, /^ +\[\/api\/\*\] +\[\] +\[get\]$/m);
});

test('kubectl auth whoami tells name, groups, uid and extra', async (t) => {
  const { stdout } = await kubectl(
    'auth whoami --as=jane --as-group=devs --as-uid=u-1 --as-user-extra=scopes=a --as-user-extra=scopes=b',
  );
  t.regex(stdout, /^Username +jane$/m);
  t.regex(stdout, /^UID +u-1$/m);
  t.regex(stdout, /^Groups +\[devs system:authenticated\]$/m);
  t.regex(stdout, /^Extra: scopes +\[a b\]$/m);
});

test('a review says by what one may, and refuses questions that are none', async (t) => {
  const ask = async (kind: string, spec: object, namespace?: string) => {
    const resource = `${kind.toLowerCase()}s`;
    const path = namespace === undefined ? resource : `namespaces/${namespace}/${resource}`;
    const body = JSON.stringify({ apiVersion: 'authorization.k8s.io/v1', kind, spec });
    return (await server.request('POST', `/apis/authorization.k8s.io/v1/${path}`, { body })).json;
  };
  const resourceAttributes = { verb: 'list', resource: 'pods', namespace: 'default' };
  t.deepEqual((await ask('SubjectAccessReview', { user: 'mary', resourceAttributes })).status, {
    allowed: true,
    reason: 'RBAC: allowed by ClusterRoleBinding "mary-reads" of ClusterRole "pod-reader" to User "mary"',
  });
  t.deepEqual((await ask('SubjectAccessReview', { user: 'nobody', resourceAttributes })).status, { allowed: false });
  t.is(
    (await ask('SubjectAccessReview', { resourceAttributes })).message,
    'SubjectAccessReview.authorization.k8s.io "" is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
  );
  t.regex(
    (await ask('SelfSubjectAccessReview', {})).message,
    /exactly one of nonResourceAttributes or resourceAttributes must be specified$/,
  );
  t.regex(
    (await ask('LocalSubjectAccessReview', { user: 'mary', resourceAttributes }, 'kube-system')).message,
    /spec.resourceAttributes.namespace: Invalid value: "default": must match metadata.namespace$/,
  );
  t.is((await ask('SelfSubjectRulesReview', {})).message, 'no namespace on request');
});

test('who is bound to a role that is not there is told so', async (t) => {
  await kubectl('create rolebinding dangling --clusterrole=no-such --user=lost');
  await kubectl('create clusterrolebinding dangling --clusterrole=none-either --user=lost');
  t.is(
    (await kubectl('get pods --as=lost')).stderr.trim(),
    'Error from server (Forbidden): pods is forbidden: User "lost" cannot list resource "pods" in API group "" in the namespace "default": RBAC: [clusterrole.rbac.authorization.k8s.io "none-either" not found, clusterrole.rbac.authorization.k8s.io "no-such" not found]',
  );
});

test('admin, edit and view hold from the start what they gather', async (t) => {
  for (const [role, verb, resource, allowed] of [
    ['view', 'list', 'pods', true],
    ['view', 'get', 'secrets', false],
    ['edit', 'get', 'secrets', true],
    ['edit', 'create', 'rolebindings.rbac.authorization.k8s.io', false],
    ['admin', 'create', 'rolebindings.rbac.authorization.k8s.io', true],
  ] as const) {
    await kubectl(`create rolebinding has-${role} --clusterrole=${role} --user=has-${role}`);
    const { stdout } = await kubectl(`auth can-i ${verb} ${resource} --as=has-${role}`);
    t.is(stdout, allowed ? 'yes\n' : 'no\n', `${role} ${verb} ${resource}`);
  }
});

test('every default binding has its role, and every default role is stored as it was made', async (t) => {
  const names = new Set(defaultClusterRoles.map(({ metadata }) => metadata.name));
  t.is(names.size, defaultClusterRoles.length);
  for (const { roleRef } of defaultClusterRoleBindings) t.true(names.has(roleRef.name), roleRef.name);
  for (const role of defaultClusterRoles) {
    const stored = await server.client.get<rbacv1.ClusterRole>(resources.clusterRoles, undefined, role.metadata.name!);
    t.deepEqual(stored.rules, role.rules);
  }
});
