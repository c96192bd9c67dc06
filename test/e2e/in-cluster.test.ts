import { fileURLToPath } from 'node:url';
import test from 'ava';
import { clusterUser } from './support/user.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const user = clusterUser(test);

/** What client programs in pods do: find the API and their own account by themselves. */
const program = `
const { CoreV1Api, KubeConfig } = await import('${root}/node_modules/@kubernetes/client-node/dist/index.js');
const config = new KubeConfig();
config.loadFromCluster();
const api = config.makeApiClient(CoreV1Api);
const { items } = await api.listNamespacedPod({ namespace: config.getContextObject(config.getCurrentContext()).namespace });
console.log('pods: ' + items.map(({ metadata }) => metadata.name).join());
await api.listNamespacedSecret({ namespace: 'kube-system' }).catch((error) => console.log('refused: ' + error.code));
`;

const pod = (name: string, command: string[], spec: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: { restartPolicy: 'Never', containers: [{ name: 'main', image: 'host', command }], ...spec },
  });

test.serial('a program in a pod reaches the API as the pod’s service account', async (t) => {
  await user.enterNamespace('inside');
  await user.sh('kubectl create serviceaccount reader');
  await user.sh('kubectl create rolebinding reader --clusterrole=view --serviceaccount=inside:reader');
  const command = [process.execPath, '--input-type=module', '--eval', program];
  // The checkout may belong to somebody else than whom pods run as.
  const spec = { serviceAccountName: 'reader', securityContext: { runAsUser: process.getuid!() } };
  await user.sh('kubectl apply -f -', pod('asks', command, spec));
  await user.sh('kubectl wait pod/asks --for=jsonpath={.status.phase}=Succeeded --timeout=60s');
  const output = await user.sh('kubectl logs asks');
  t.regex(output, /^pods: asks$/m);
  t.regex(output, /^refused: 403$/m);
});

test.serial('a pod finds its token, its namespace and the authority where Kubernetes has them', async (t) => {
  const list =
    'cd /var/run/secrets/kubernetes.io/serviceaccount; ls; cat namespace; echo; head -1 ca.crt; cut -c1-3 token';
  await user.sh('kubectl apply -f -', pod('looks', ['sh', '-c', list]));
  await user.sh('kubectl wait pod/looks --for=jsonpath={.status.phase}=Succeeded --timeout=60s');
  const output = await user.sh('kubectl logs looks');
  t.deepEqual(output.trim().split('\n'), [
    'ca.crt',
    'namespace',
    'token',
    'inside',
    '-----BEGIN CERTIFICATE-----',
    'eyJ',
  ]);
  const volume = await user.sh('kubectl get pod looks -o jsonpath={.spec.volumes[0].name}');
  t.regex(volume, /^kube-api-access-[a-z0-9]{5}$/);
});

test.serial('API servers of extensions may learn who signs users’ certificates', async (t) => {
  // One peer: as in Kubernetes with several API servers, another hears of a binding a moment later.
  const kubectl = 'kubectl --context=keelson-peer-1 -n kube-system';
  const binding = 'create rolebinding reads --role=extension-apiserver-authentication-reader';
  await user.sh(`${kubectl} ${binding} --serviceaccount=inside:reader`);
  const get = `${kubectl} get configmap extension-apiserver-authentication`;
  const ca = await user.sh(`${get} --as=system:serviceaccount:inside:reader -o jsonpath={.data.client-ca-file}`);
  t.is(ca.trim(), user.cluster.tls.ca.trim());
});

test.serial('who wants no token gets none', async (t) => {
  const spec = { automountServiceAccountToken: false };
  await user.sh('kubectl apply -f -', pod('plain', ['ls', '/var/run/secrets/kubernetes.io'], spec));
  await user.sh('kubectl wait pod/plain --for=jsonpath={.status.phase}=Failed --timeout=60s');
  t.is(await user.sh('kubectl get pod plain -o jsonpath={.spec.volumes}'), '');
});

test.serial('a Secret that is made to hold a token gets one, and goes with its account', async (t) => {
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/service-account-token',
    metadata: { name: 'lasting', annotations: { 'kubernetes.io/service-account.name': 'reader' } },
  };
  await user.sh('kubectl apply -f -', JSON.stringify(secret));
  await user.sh("kubectl wait secret/lasting --for=jsonpath='{.data.token}' --timeout=30s");
  const token = await user.sh("kubectl get secret lasting -o jsonpath='{.data.token}' | base64 -d");
  const anonymous = `kubectl --kubeconfig=/dev/null --server=${user.cluster.servers[1]} --insecure-skip-tls-verify --token=${token}`;
  t.is(
    (await user.sh(`${anonymous} auth whoami -o jsonpath='{.status.userInfo.username}'`)).trim(),
    'system:serviceaccount:inside:reader',
  );
  await user.sh('kubectl delete serviceaccount reader');
  await user.sh('kubectl wait secret/lasting --for=delete --timeout=30s');
  t.regex(await user.fails(`${anonymous} auth whoami`), /Unauthorized|must be logged in/);
});
