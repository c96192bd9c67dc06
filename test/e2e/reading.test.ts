import test from 'ava';
import { clusterUser } from './support/user.ts';

const user = clusterUser(test);

const manifests = `
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {app: web, tier: front}
spec:
  replicas: 2
  selector: {matchLabels: {app: web}}
  template:
    metadata:
      labels: {app: web}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - {name: main, image: host, command: [sleep, '1000'], ports: [{containerPort: 8080, name: http}]}
---
apiVersion: v1
kind: Service
metadata: {name: web}
spec:
  selector: {app: web}
  ports: [{port: 80, targetPort: http}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: alpha, labels: {order: '2'}}
data: {key: value, lines: "one\\ntwo\\n"}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: beta, labels: {order: '1'}}
data: {}
---
apiVersion: v1
kind: Secret
metadata: {name: hidden}
stringData: {password: correct horse}
`;

test.serial.before(async () => {
  await user.enterNamespace('reading');
  await user.sh('kubectl apply -f - && kubectl rollout status deployment/web', manifests);
});

test.serial('version', async (t) => {
  const version = JSON.parse(await user.sh('kubectl version -o json'));
  t.is(version.serverVersion.gitVersion, 'v1.35.2+keelson');
  t.deepEqual([version.serverVersion.major, version.serverVersion.minor], ['1', '35']);
});

test.serial('cluster-info', async (t) => {
  const server = (await user.sh("kubectl config view --minify -o jsonpath='{.clusters[0].cluster.server}'")).trim();
  t.true((await user.sh('kubectl cluster-info')).includes(server));
  t.regex(await user.sh('kubectl cluster-info dump'), /"kind": "NodeList"/);
});

test.serial('api-resources and api-versions', async (t) => {
  const resources = await user.sh('kubectl api-resources --no-headers');
  for (const line of [
    /^pods +po +v1 +true +Pod$/m,
    /^namespaces +ns +v1 +false +Namespace$/m,
    /^deployments +deploy +apps\/v1 +true +Deployment$/m,
    /^replicasets +rs +apps\/v1 +true +ReplicaSet$/m,
    /^events +ev +v1 +true +Event$/m,
    /^leases +coordination.k8s.io\/v1 +true +Lease$/m,
  ])
    t.regex(resources, line);
  t.regex(
    await user.sh('kubectl api-resources --api-group=apps --verbs=patch --namespaced -o name'),
    /^deployments.apps$/m,
  );
  t.regex(await user.sh('kubectl api-versions'), /^apps\/v1$/m);
});

test.serial('explain', async (t) => {
  const text = await user.sh('kubectl explain deployment.spec.strategy');
  t.regex(text, /^GROUP: +apps\nKIND: +Deployment\nVERSION: +v1\n/);
  t.regex(text, /FIELD: strategy <DeploymentStrategy>/);
  t.regex(text, /^ {2}rollingUpdate\t<RollingUpdateDeployment>$/m);
  t.regex(text, /enum: Recreate, RollingUpdate/);
  t.regex(await user.sh('kubectl explain pod --recursive'), /^ {6}imagePullPolicy\t<string>$/m);
  t.is(await user.fails('kubectl explain pod.spec.nothing'), 'error: field "nothing" does not exist');
});

test.serial('get: a table, wide, with labels, without headers', async (t) => {
  const table = await user.sh('kubectl get pods');
  t.regex(table, /^NAME +READY +STATUS +RESTARTS +AGE\n(web-\S+ +1\/1 +Running +0 +\w+\n){2}$/);
  const wide = await user.sh('kubectl get pods -o wide');
  t.regex(wide, /^NAME +READY +STATUS +RESTARTS +AGE +IP +NODE +NOMINATED NODE +READINESS GATES\n/);
  t.regex(wide, /web-\S+ +1\/1 +Running +0 +\w+ +127\.\d+\.\d+\.\d+ +peer-[123] +<none> +<none>\n/);
  t.regex(
    await user.sh('kubectl get deployment web -o wide --show-labels'),
    /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE +CONTAINERS +IMAGES +SELECTOR +LABELS\nweb +2\/2 +2 +2 +\w+ +main +host +app=web +app=web,tier=front\n$/,
  );
  t.regex(
    await user.sh('kubectl get cm -L order --no-headers'),
    /^alpha +2 +\w+ +2\nbeta +0 +\w+ +1\nkube-root-ca.crt +1 +\w+ *\n$/,
  );
  t.regex(
    await user.sh('kubectl get service web'),
    /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE\nweb +ClusterIP +127\.96\.\d+\.\d+ +<none> +80\/TCP +\w+\n$/,
  );
  t.regex(
    await user.sh('kubectl get nodes'),
    /^NAME +STATUS +ROLES +AGE +VERSION\n(peer-[123] +Ready +<none> +\w+ +v1\.35\.2\S*\n){3}$/,
  );
  t.regex(await user.sh('kubectl get namespace reading'), /^NAME +STATUS +AGE\nreading +Active +\w+\n$/);
});

test.serial('get: yaml, json, jsonpath, go-template, custom columns, names', async (t) => {
  t.regex(
    await user.sh('kubectl get configmap alpha -o yaml'),
    /^apiVersion: v1\ndata:\n {2}key: value\n {2}lines: \|\n {4}one\n {4}two\nkind: ConfigMap\nmetadata:\n/,
  );
  const secret = JSON.parse(await user.sh('kubectl get secret hidden -o json'));
  t.deepEqual(secret.data, { password: Buffer.from('correct horse').toString('base64') });
  t.is(secret.type, 'Opaque');
  t.is(
    await user.sh("kubectl get cm -o jsonpath='{range .items[*]}{.metadata.name} {end}'"),
    'alpha beta kube-root-ca.crt ',
  );
  t.is(await user.sh("kubectl get cm alpha -o go-template='{{.data.key}}'"), 'value');
  t.is(
    await user.sh('kubectl get cm alpha beta -o custom-columns=N:.metadata.name,K:.data.key'),
    'N       K\nalpha   value\nbeta    <none>\n',
  );
  t.is(
    await user.sh('kubectl get cm,secret -o name'),
    'configmap/alpha\nconfigmap/beta\nconfigmap/kube-root-ca.crt\nsecret/hidden\n',
  );
  t.is(JSON.parse(await user.sh('kubectl get deployment web -o json')).metadata.managedFields, undefined);
  t.true(
    Array.isArray(
      JSON.parse(await user.sh('kubectl get deployment web -o json --show-managed-fields')).metadata.managedFields,
    ),
  );
});

test.serial('get: selectors', async (t) => {
  t.is(await user.sh('kubectl get cm -l order=1 -o name'), 'configmap/beta\n');
  t.is(await user.sh('kubectl get cm -l order!=1 -o name'), 'configmap/alpha\nconfigmap/kube-root-ca.crt\n');
  t.is(await user.sh("kubectl get cm -l 'order in (1,2)' -o name"), 'configmap/alpha\nconfigmap/beta\n');
  t.is(await user.sh("kubectl get cm -l '!order' -o name"), 'configmap/kube-root-ca.crt\n');
  t.is(await user.sh("kubectl get cm -l 'order>1' -o name"), 'configmap/alpha\n');
  t.is(await user.sh('kubectl get cm --field-selector metadata.name=beta -o name'), 'configmap/beta\n');
  const byNode = await Promise.all(
    [1, 2, 3].map((n) =>
      user.sh(`kubectl get pods --field-selector spec.nodeName=peer-${n},status.phase=Running -o name`),
    ),
  );
  t.is(byNode.join('').trim().split('\n').length, 2);
  t.is(
    await user.sh('kubectl get pods --field-selector status.phase!=Running 2>&1'),
    'No resources found in reading namespace.\n',
  );
});

test.serial('get: sorted, of all namespaces, of several kinds', async (t) => {
  t.is(
    await user.sh('kubectl get cm -l order --sort-by=.metadata.labels.order -o name'),
    'configmap/beta\nconfigmap/alpha\n',
  );
  t.regex(
    await user.sh('kubectl get cm -l order --sort-by=.metadata.labels.order'),
    /^NAME +DATA +AGE\nbeta .*\nalpha .*\n$/,
  );
  const everywhere = await user.sh('kubectl get cm -A');
  t.regex(everywhere, /^NAMESPACE +NAME +DATA +AGE\n/);
  t.regex(everywhere, /^default +kube-root-ca.crt +1 /m);
  t.regex(everywhere, /^reading +alpha +2 /m);
  const all = await user.sh('kubectl get all');
  for (const kind of ['pod', 'service', 'deployment.apps', 'replicaset.apps'])
    t.regex(all, new RegExp(`^${kind}/web`, 'm'));
  t.is(
    await user.sh('kubectl get cm --chunk-size=1 -o name'),
    'configmap/alpha\nconfigmap/beta\nconfigmap/kube-root-ca.crt\n',
  );
});

test.serial('get -w shows changes as they happen', async (t) => {
  const table = user.background('kubectl get cm -l order -w --no-headers');
  const events = user.background('kubectl get cm -l order -w --output-watch-events');
  await Promise.all([table.until(/^alpha +2 .*\nbeta +0 .*\n/), events.until(/ADDED +beta/)]);
  await user.sh(
    'kubectl create cm gamma && kubectl label cm gamma order=3 && kubectl patch cm gamma -p \'{"data":{"x":"y"}}\' && kubectl delete cm gamma',
  );
  await table.until(/gamma +0 .*\ngamma +1 .*\n(gamma +1 .*\n)/);
  await events.until(/DELETED +gamma/);
  t.deepEqual(
    events
      .output()
      .match(/\S+ +gamma/g)
      ?.map((line) => line.split(/ +/)[0]),
    ['ADDED', 'MODIFIED', 'DELETED'],
  );
  await Promise.all([table.interrupt(), events.interrupt()]);
});

test.serial('get --raw', async (t) => {
  t.is(await user.sh('kubectl get --raw /readyz'), 'ok');
  t.regex(await user.sh("kubectl get --raw '/livez?verbose'"), /^\[\+\]ping ok\n[\s\S]*livez check passed\n$/);
  t.is(JSON.parse(await user.sh('kubectl get --raw /api/v1/namespaces/reading')).metadata.name, 'reading');
  t.regex(await user.sh('kubectl get --raw /metrics'), /^# TYPE apiserver_request_total counter$/m);
  t.is(
    await user.fails('kubectl get --raw /nothing'),
    'Error from server (NotFound): the server could not find the requested resource',
  );
});

test.serial('what is not there', async (t) => {
  t.is(await user.fails('kubectl get pod nobody'), 'Error from server (NotFound): pods "nobody" not found');
  t.is(
    await user.fails('kubectl get deployment/nobody service/nobody'),
    'Error from server (NotFound): deployments.apps "nobody" not found\nError from server (NotFound): services "nobody" not found',
  );
  t.is(await user.fails('kubectl get unicorns'), 'error: the server doesn\'t have a resource type "unicorns"');
  t.is(await user.fails('kubectl describe pod nobody'), 'Error from server (NotFound): pods "nobody" not found');
  t.is(
    await user.fails('kubectl logs nobody'),
    'error: error from server (NotFound): pods "nobody" not found in namespace "reading"',
  );
  t.is(await user.sh('kubectl get pods -n nowhere 2>&1'), 'No resources found in nowhere namespace.\n');
  t.is(await user.sh('kubectl get pod nobody --ignore-not-found'), '');
  t.is(
    await user.fails('kubectl get pods --field-selector colour=red'),
    'Error from server (BadRequest): Unable to find "/v1, Resource=pods" that match label selector "", field selector "colour=red": field label not supported: colour',
  );
});

test.serial('describe: a pod, a deployment, a replica set', async (t) => {
  const pod = await user.sh('kubectl describe pods -l app=web');
  t.regex(pod, /^Name: +web-/m);
  t.regex(pod, /^Node: +peer-[123]\/127\.0\.0\.1$/m);
  t.regex(pod, /^Controlled By: +ReplicaSet\/web-/m);
  t.regex(pod, /^ {4}State: +Running$/m);
  t.regex(pod, /^ {2}Ready +True *$/m);
  t.regex(pod, /^QoS Class: +BestEffort$/m);
  t.regex(pod, /Normal +Scheduled +\w+ +\S+ +Successfully assigned reading\/web-\S+ to peer-/);
  t.regex(pod, /Normal +Started /);
  const deployment = await user.sh('kubectl describe deployment web');
  t.regex(deployment, /^Replicas: +2 desired \| 2 updated \| 2 total \| 2 available \| 0 unavailable$/m);
  t.regex(deployment, /^RollingUpdateStrategy: +25% max unavailable, 25% max surge$/m);
  t.regex(deployment, /^ {2}Available +True +MinimumReplicasAvailable$/m);
  t.regex(deployment, /^NewReplicaSet: +web-\S+ \(2\/2 replicas created\)$/m);
  t.regex(
    deployment,
    /Normal +ScalingReplicaSet +\w+ +deployment-controller +Scaled up replica set web-\S+ from 0 to 2/,
  );
  const set = await user.sh('kubectl describe rs -l app=web');
  t.regex(set, /^Replicas: +2 current \/ 2 desired$/m);
  t.regex(set, /^Pods Status: +2 Running \/ 0 Waiting \/ 0 Succeeded \/ 0 Failed$/m);
  t.regex(set, /SuccessfulCreate +\w+ +replicaset-controller +Created pod: web-/);
});

test.serial('describe: a node, a namespace, a service, a config map, a secret', async (t) => {
  const node = await user.sh('kubectl describe node peer-1');
  t.regex(node, /^Labels: +kubernetes.io\/arch=/m);
  t.regex(node, /^ {2}Ready +True .* KubeletReady +kubelet is posting ready status$/m);
  t.regex(node, /^Non-terminated Pods: +\(\d+ in total\)$/m);
  t.regex(node, /^ {2}HolderIdentity: +peer-1$/m);
  const namespace = await user.sh('kubectl describe namespace reading');
  t.regex(namespace, /^Labels: +kubernetes.io\/metadata.name=reading$/m);
  t.regex(namespace, /^Status: +Active$/m);
  const service = await user.sh('kubectl describe service web');
  t.regex(service, /^Selector: +app=web$/m);
  t.regex(service, /^Port: +<unset> +80\/TCP$/m);
  t.regex(service, /^TargetPort: +http\/TCP$/m);
  t.regex(await user.sh('kubectl describe cm alpha'), /^key:\n----\nvalue\n/m);
  const secret = await user.sh('kubectl describe secret hidden');
  t.regex(secret, /^password: +13 bytes$/m);
  t.false(secret.includes('correct'));
});

test.serial('events', async (t) => {
  const events = await user.sh('kubectl events');
  t.regex(events, /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n/);
  t.regex(events, /Normal +ScalingReplicaSet +Deployment\/web +Scaled up replica set web-\S+ from 0 to 2/);
  const ofDeployment = await user.sh('kubectl events --for deployment/web --types=Normal --no-headers');
  t.is(ofDeployment.trim().split('\n').length, 1);
  t.regex(
    await user.sh('kubectl get events --field-selector reason=Started,involvedObject.kind=Pod'),
    /^LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n(\S+ +Normal +Started +pod\/web-\S+ +.*\n){2}$/,
  );
});
