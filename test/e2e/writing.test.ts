import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from './support/files.ts';
import { clusterUser } from './support/user.ts';

const user = clusterUser(test);
const files = temporaryFolder(test);

const configMap = (data: string, more = ''): string =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings${more}}\ndata: ${data}\n`;

const deployment = (spec = ''): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: 0
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: main, image: host, command: [sleep, '1000'], ports: [{containerPort: 80}]}
        - {name: side, image: host, command: [sleep, '1000']}
${spec}`;

test.serial.before(() => user.enterNamespace('writing'));

test.serial('apply: create, no change, update, removal of a field that is no longer applied', async (t) => {
  t.is(await user.sh('kubectl apply -f -', configMap('{a: one, b: two}')), 'configmap/settings created\n');
  t.is(await user.sh('kubectl apply -f -', configMap('{a: one, b: two}')), 'configmap/settings unchanged\n');
  await user.sh('kubectl patch cm settings --type=merge -p \'{"data":{"c":"from elsewhere"}}\'');
  t.is(await user.sh('kubectl apply -f -', configMap('{a: changed}')), 'configmap/settings configured\n');
  t.is(await user.sh('kubectl get cm settings -o jsonpath={.data}'), '{"a":"changed","c":"from elsewhere"}');
});

test.serial('apply --server-side: fields have owners, and a conflict names them', async (t) => {
  t.is(
    await user.sh(
      'kubectl apply --server-side --field-manager=one -f -',
      configMap('{x: "1"}').replace('settings', 'owned'),
    ),
    'configmap/owned serverside-applied\n',
  );
  t.is(
    await user.fails(
      'kubectl apply --server-side --field-manager=two -f -',
      configMap('{x: "2"}').replace('settings', 'owned'),
    ),
    `error: Apply failed with 1 conflict: conflict with "one": .data.x
Please review the fields above--they currently have other managers. Here
are the ways you can resolve this warning:
* If you intend to manage all of these fields, please re-run the apply
  command with the \`--force-conflicts\` flag.
* If you do not intend to manage all of the fields, please edit your
  manifest to remove references to the fields that should keep their
  current managers.
* You may co-own fields by updating your manifest to match the existing
  value; in this case, you'll become the manager if the other manager(s)
  stop managing the field (remove it from their configuration).
See https://kubernetes.io/docs/reference/using-api/server-side-apply/#conflicts`,
  );
  await user.sh(
    'kubectl apply --server-side --field-manager=two --force-conflicts -f -',
    configMap('{x: "2", w: "3"}').replace('settings', 'owned'),
  );
  // The first owns nothing any more: what it leaves out stays.
  await user.sh(
    'kubectl apply --server-side --field-manager=one -f -',
    configMap('{z: "4"}').replace('settings', 'owned'),
  );
  t.is(await user.sh('kubectl get cm owned -o jsonpath={.data}'), '{"w":"3","x":"2","z":"4"}');
  await user.sh(
    'kubectl apply --server-side --field-manager=two -f -',
    configMap('{w: "3"}').replace('settings', 'owned'),
  );
  t.is(await user.sh('kubectl get cm owned -o jsonpath={.data}'), '{"w":"3","z":"4"}');
});

test.serial('apply --server-side goes on where client-side apply was, and back', async (t) => {
  const shared = (data: string): string => configMap(data).replace('settings', 'moved');
  await user.sh('kubectl apply -f -', shared('{a: one, b: two}'));
  t.is(
    await user.sh('kubectl apply --server-side -f -', shared('{a: changed}')),
    'configmap/moved serverside-applied\n',
  );
  t.is(await user.sh('kubectl get cm moved -o jsonpath={.data}'), '{"a":"changed"}');
  t.is(await user.sh('kubectl apply -f -', shared('{c: three}')), 'configmap/moved configured\n');
  t.is(await user.sh('kubectl get cm moved -o jsonpath={.data}'), '{"c":"three"}');
});

test.serial('apply --dry-run and diff change nothing', async (t) => {
  t.is(
    await user.sh('kubectl apply --dry-run=server -f -', configMap('{a: dry}')),
    'configmap/settings configured (server dry run)\n',
  );
  t.is(await user.sh('kubectl create cm dry --dry-run=server'), 'configmap/dry created (server dry run)\n');
  t.is(await user.sh('kubectl get cm dry --ignore-not-found'), '');
  const diff = await user.sh('kubectl diff -f - || test $? = 1', configMap('{a: different}'));
  t.regex(diff, /^- {2}a: changed\n\+ {2}a: different$/m);
  t.is(await user.sh('kubectl diff -f -', configMap('{a: changed}')), '');
  t.is(await user.sh('kubectl get cm settings -o jsonpath={.data.a}'), 'changed');
});

test.serial('create: every generator of kinds that the cluster runs', async (t) => {
  writeFileSync(join(files, 'data.txt'), 'from a file');
  await user.sh(
    `cd ${files} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 3 -subj /CN=test 2>/dev/null`,
  );
  const create = async (what: string, answer: string): Promise<void> => {
    t.is(await user.sh(`cd ${files} && kubectl create ${what}`), `${answer} created\n`);
  };
  await create('configmap made --from-literal=a=b --from-file=data.txt', 'configmap/made');
  t.is(await user.sh('kubectl get cm made -o jsonpath={.data}'), '{"a":"b","data.txt":"from a file"}');
  await create('secret generic made --from-literal=user=me', 'secret/made');
  await create('secret tls made-tls --cert=cert.pem --key=key.pem', 'secret/made-tls');
  await create('secret docker-registry made-registry --docker-username=u --docker-password=p', 'secret/made-registry');
  t.is(
    await user.sh('kubectl get secrets -o jsonpath=\'{range .items[*]}{.metadata.name} {.type}{"\\n"}{end}\''),
    'made Opaque\nmade-registry kubernetes.io/dockerconfigjson\nmade-tls kubernetes.io/tls\n',
  );
  await create('deployment made --image=host --replicas=0 --port=80 -- sleep 100', 'deployment.apps/made');
  await create('namespace made', 'namespace/made');
  await create('serviceaccount made', 'serviceaccount/made');
  await create('service clusterip made --tcp=80:8080', 'service/made');
  await create('service clusterip made-headless --clusterip=None --tcp=80', 'service/made-headless');
  await create('service nodeport made-np --tcp=80:8080 --node-port=30123', 'service/made-np');
  await create('service loadbalancer made-lb --tcp=80:8080', 'service/made-lb');
  await create('service externalname made-external --external-name=example.com', 'service/made-external');
  t.regex(
    await user.sh('kubectl get services'),
    /^NAME .*\nmade +ClusterIP +127\.96\.\S+ +<none> +80\/TCP .*\nmade-external +ExternalName +<none> +example.com +<none> .*\nmade-headless +ClusterIP +None +<none> +80\/TCP .*\nmade-lb +LoadBalancer +127\.96\.\S+ +<pending> +80:3\d{4}\/TCP .*\nmade-np +NodePort +127\.96\.\S+ +<none> +80:30123\/TCP .*\n$/,
  );
  await create('role made --verb=get,list --resource=pods', 'role.rbac.authorization.k8s.io/made');
  await create(
    'rolebinding made --role=made --serviceaccount=writing:made',
    'rolebinding.rbac.authorization.k8s.io/made',
  );
  await create('clusterrole made --verb=get --resource=nodes', 'clusterrole.rbac.authorization.k8s.io/made');
  await create(
    'clusterrolebinding made --clusterrole=made --user=jane',
    'clusterrolebinding.rbac.authorization.k8s.io/made',
  );
  await create('priorityclass made --value=10', 'priorityclass.scheduling.k8s.io/made');
  await create('ingress made --rule=example.com/*=made:80', 'ingress.networking.k8s.io/made');
  await create('quota made --hard=pods=10', 'resourcequota/made');
  await create('poddisruptionbudget made --selector=app=web --min-available=1', 'poddisruptionbudget.policy/made');
  t.is(
    await user.fails('kubectl create configmap made'),
    'error: failed to create configmap: configmaps "made" already exists',
  );
  t.is(
    await user.fails('kubectl create namespace made'),
    'Error from server (AlreadyExists): namespaces "made" already exists',
  );
  t.is(
    await user.fails('kubectl create configmap lost -n nowhere'),
    'error: failed to create configmap: namespaces "nowhere" not found',
  );
});

test.serial('create: generateName makes names', async (t) => {
  const manifest = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: batch-}\n';
  const made = await Promise.all([1, 2].map(() => user.sh('kubectl create -f - -o name', manifest)));
  for (const name of made) t.regex(name, /^configmap\/batch-[a-z0-9]{5}\n$/);
  t.not(made[0], made[1]);
  t.regex(await user.fails('kubectl apply -f -', manifest), /cannot use generate name with apply/);
});

test.serial('edit', async (t) => {
  t.is(
    await user.sh('KUBE_EDITOR="sed -i s/changed/edited/" kubectl edit configmap settings'),
    'configmap/settings edited\n',
  );
  t.is(await user.sh('kubectl get cm settings -o jsonpath={.data.a}'), 'edited');
  t.is(await user.sh('KUBE_EDITOR=true kubectl edit configmap settings 2>&1'), 'Edit cancelled, no changes made.\n');
});

test.serial('patch: strategic, merge and JSON', async (t) => {
  await user.sh('kubectl apply -f -', deployment());
  const image = "kubectl get deployment web -o jsonpath='{.spec.template.spec.containers[*].image}'";
  t.is(
    await user.sh(
      `kubectl patch deployment web -p '{"spec":{"template":{"spec":{"containers":[{"name":"side","image":"other"}]}}}}'`,
    ),
    'deployment.apps/web patched\n',
  );
  t.is(await user.sh(image), 'host other');
  await user.sh(
    `kubectl patch deployment web --type=json -p '[{"op":"remove","path":"/spec/template/spec/containers/1"}]'`,
  );
  t.is(await user.sh(image), 'host');
  await user.sh(
    `kubectl patch deployment web --type=merge -p '{"spec":{"template":{"spec":{"containers":[{"name":"only","image":"host"}]}}}}'`,
  );
  t.is(await user.sh(image), 'host');
  t.is(
    await user.sh(`kubectl patch deployment web -p '{"spec":{"replicas":0}}'`),
    'deployment.apps/web patched (no change)\n',
  );
  t.regex(
    await user.fails(`kubectl patch deployment web --type=json -p '[{"op":"test","path":"/spec/replicas","value":9}]'`),
    /^The request is invalid: the server rejected our request due to an error in our request/,
  );
  t.regex(
    await user.fails(`kubectl patch deployment web -p '{"spec":{"selector":{"matchLabels":{"app":"x"}}}}'`),
    /^The Deployment "web" is invalid: \n\* spec.template.metadata.labels: Invalid value: .*: `selector` does not match template `labels`\n\* spec.selector: Invalid value: .*: field is immutable$/,
  );
  t.regex(
    await user.fails(`kubectl patch cm settings --type=merge -p '{"kind":"Secret"}'`),
    /^Error from server \(BadRequest\): Secret in version "v1" cannot be handled as a ConfigMap: /,
  );
  t.is(
    await user.sh(
      `kubectl patch deployment web --subresource=status --type=merge -p '{"status":{"collisionCount":3}}'`,
    ),
    'deployment.apps/web patched\n',
  );
});

test.serial('subresources are read and written by themselves', async (t) => {
  t.is(
    await user.sh(`kubectl patch deployment web --subresource=scale --type=merge -p '{"spec":{"replicas":0}}'`),
    'scale.autoscaling/web patched (no change)\n',
  );
  t.regex(
    await user.sh('kubectl get deployment web --subresource=status'),
    /^NAME +READY +UP-TO-DATE +AVAILABLE +AGE\nweb /,
  );
  t.regex(await user.sh('kubectl get deployment web --subresource=scale -o yaml'), /^kind: Scale$/m);
});

test.serial('replace, also by deleting first', async (t) => {
  t.is(await user.sh('kubectl replace -f -', configMap('{only: this}')), 'configmap/settings replaced\n');
  t.is(await user.sh('kubectl get cm settings -o jsonpath={.data}'), '{"only":"this"}');
  const uid = await user.sh('kubectl get cm settings -o jsonpath={.metadata.uid}');
  t.is(
    await user.sh('kubectl replace --force -f -', configMap('{only: this}')),
    'configmap "settings" deleted from writing namespace\nconfigmap/settings replaced\n',
  );
  t.not(await user.sh('kubectl get cm settings -o jsonpath={.metadata.uid}'), uid);
  t.is(
    await user.fails('kubectl replace -f -', configMap('{}').replace('settings', 'absent')),
    'Error from server (NotFound): error when replacing "STDIN": configmaps "absent" not found',
  );
});

test.serial('a write based on an old version is refused', async (t) => {
  const old = await user.sh('kubectl get cm settings -o yaml');
  await user.sh('kubectl annotate cm settings note=meanwhile');
  t.is(
    await user.fails('kubectl replace -f -', old),
    `Error from server (Conflict): error when replacing "STDIN": Operation cannot be fulfilled on configmaps "settings": the object has been modified; please apply your changes to the latest version and try again`,
  );
});

test.serial('label and annotate', async (t) => {
  t.is(await user.sh('kubectl label cm settings colour=red'), 'configmap/settings labeled\n');
  t.is(
    await user.fails('kubectl label cm settings colour=blue'),
    "error: 'colour' already has a value (red), and --overwrite is false",
  );
  await user.sh('kubectl label cm settings colour=blue --overwrite');
  t.is(await user.sh('kubectl get cm -l colour=blue -o name'), 'configmap/settings\n');
  t.is(await user.sh('kubectl label cm settings colour-'), 'configmap/settings unlabeled\n');
  t.is(await user.sh('kubectl annotate cm settings why="because it is so"'), 'configmap/settings annotated\n');
  t.is(await user.sh('kubectl get cm settings -o jsonpath={.metadata.annotations.why}'), 'because it is so');
  t.regex(await user.sh('kubectl label cm --all seen=yes'), /^configmap\/settings labeled$/m);
  t.regex(
    await user.fails("kubectl label cm settings 'bad key=x'"),
    /^The ConfigMap "settings" is invalid: metadata.labels: Invalid value: "bad key": name part must consist of alphanumeric characters/,
  );
});

test.serial('set image, env, resources, serviceaccount, selector', async (t) => {
  await user.sh('kubectl replace -f -', deployment());
  const template = async (path: string) =>
    user.sh(`kubectl get deployment web -o jsonpath='{.spec.template.spec${path}}'`);
  t.is(await user.sh('kubectl set image deployment/web side=other:2'), 'deployment.apps/web image updated\n');
  t.is(await template('.containers[1].image'), 'other:2');
  t.is(await user.sh('kubectl set env deployment/web -c main MODE=fast'), 'deployment.apps/web env updated\n');
  await user.sh('kubectl set env deployment/web -c main --from=configmap/settings --prefix=S_');
  t.is(
    await template('.containers[0].env'),
    '[{"name":"MODE","value":"fast"},{"name":"S_ONLY","valueFrom":{"configMapKeyRef":{"key":"only","name":"settings"}}}]',
  );
  t.is(
    await user.sh('kubectl set env deployment/web --list -c main'),
    '# Deployment web, container main\nMODE=fast\n# S_ONLY from configmap settings, key only\n',
  );
  t.is(
    await user.sh('kubectl set resources deployment/web -c main --requests=cpu=10m --limits=memory=64Mi'),
    'deployment.apps/web resource requirements updated\n',
  );
  t.is(await template('.containers[0].resources'), '{"limits":{"memory":"64Mi"},"requests":{"cpu":"10m"}}');
  t.is(await user.sh('kubectl set serviceaccount deployment/web made'), 'deployment.apps/web serviceaccount updated\n');
  t.is(await user.sh('kubectl set selector service/made app=web'), 'service/made selector updated\n');
  t.is(await user.fails('kubectl set image deployment/web nobody=x'), 'error: unable to find container named "nobody"');
});

test.serial('expose', async (t) => {
  t.is(
    await user.sh('kubectl expose deployment web --port=80 --target-port=8080 --name=exposed'),
    'service/exposed exposed\n',
  );
  t.is(
    await user.sh("kubectl get service exposed -o jsonpath='{.spec.selector} {.spec.ports[0].targetPort}'"),
    '{"app":"web"} 8080',
  );
});

test.serial('autoscale makes an object of both versions', async (t) => {
  t.is(
    await user.sh('kubectl autoscale deployment web --min=2 --max=5 --cpu=50%'),
    'horizontalpodautoscaler.autoscaling/web autoscaled\n',
  );
  t.regex(
    await user.sh('kubectl get hpa web'),
    /^NAME +REFERENCE +TARGETS +MINPODS +MAXPODS +REPLICAS +AGE\nweb +Deployment\/web +cpu: <unknown>\/50% +2 +5 +0 +\w+\n$/,
  );
  t.is(
    await user.sh(
      'kubectl get horizontalpodautoscalers.v1.autoscaling web -o jsonpath={.spec.targetCPUUtilizationPercentage}',
    ),
    '50',
  );
});

test.serial('auth: who I am and what I and others may', async (t) => {
  t.regex(await user.sh('kubectl auth whoami'), /^Username +kubernetes-admin$/m);
  t.is(await user.sh('kubectl auth can-i delete nodes'), 'yes\n');
  t.is(await user.sh('kubectl auth can-i list pods --as=system:serviceaccount:writing:made'), 'yes\n');
  t.is(await user.fails('kubectl auth can-i delete pods --as=system:serviceaccount:writing:made'), '');
  t.is(
    await user.fails('kubectl delete pod some --as=jane --as-group=testers'),
    'Error from server (Forbidden): pods "some" is forbidden: User "jane" cannot delete resource "pods" in API group "" in the namespace "writing"',
  );
  t.regex(await user.sh('kubectl auth can-i --list'), /^\*\.\* +\[\] +\[\] +\[\*\]$/m);
  t.is(
    await user.sh(
      'kubectl auth reconcile -f -',
      'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: reconciled, namespace: writing}\nrules: [{apiGroups: [""], resources: [pods], verbs: [get]}]\n',
    ),
    'role.rbac.authorization.k8s.io/reconciled reconciled\n',
  );
});

test.serial('a finalizer holds an object until it is taken away', async (t) => {
  await user.sh(
    'kubectl create -f -',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: held, finalizers: [example.com/hold]}\n',
  );
  t.is(await user.sh('kubectl delete cm held --wait=false'), 'configmap "held" deleted from writing namespace\n');
  t.regex(await user.sh('kubectl get cm held -o jsonpath={.metadata.deletionTimestamp}'), /^\d{4}-/);
  t.regex(
    await user.fails(
      `kubectl patch cm held --type=merge -p '{"metadata":{"finalizers":["example.com/hold","example.com/more"]}}'`,
    ),
    /^The ConfigMap "held" is invalid: metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers \S*example.com\/more/,
  );
  const gone = user.background('kubectl wait --for=delete configmap/held');
  await user.sh(`kubectl patch cm held --type=json -p '[{"op":"remove","path":"/metadata/finalizers"}]'`);
  await gone.done();
  t.is(await user.sh('kubectl get cm held --ignore-not-found'), '');
});

test.serial('what is owned goes with its owner, or first, or stays', async (t) => {
  const family = async (): Promise<void> => {
    const uid = (await user.sh('kubectl create cm owner && kubectl get cm owner -o jsonpath={.metadata.uid}')).split(
      '\n',
    )[1];
    await user.sh(
      'kubectl create -f -',
      `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: owned-by\n  ownerReferences: [{apiVersion: v1, kind: ConfigMap, name: owner, uid: ${uid}, blockOwnerDeletion: true}]\n`,
    );
  };
  await family();
  await user.sh('kubectl delete cm owner && kubectl wait --for=delete cm/owned-by');
  await family();
  // The owned one can't go yet, so the owner can't either.
  await user.sh(`kubectl patch cm owned-by --type=merge -p '{"metadata":{"finalizers":["example.com/hold"]}}'`);
  await user.sh(
    'kubectl delete cm owner --cascade=foreground --wait=false && kubectl wait --for=jsonpath={.metadata.deletionTimestamp} cm/owned-by',
  );
  t.is(await user.sh('kubectl get cm owner -o jsonpath={.metadata.finalizers}'), '["foregroundDeletion"]');
  await user.sh(
    `kubectl patch cm owned-by --type=merge -p '{"metadata":{"finalizers":null}}' && kubectl wait --for=delete cm/owner`,
  );
  t.is(await user.sh('kubectl get cm owned-by --ignore-not-found'), '');
  await family();
  await user.sh('kubectl delete cm owner --cascade=orphan');
  t.is(await user.sh('kubectl get cm owned-by -o jsonpath={.metadata.ownerReferences}'), '');
});

test.serial('delete: by name, by label, all, of a file', async (t) => {
  await user.sh('for n in a b c d; do kubectl create cm del-$n && kubectl label cm del-$n del=$n; done');
  t.is(
    await user.sh('kubectl delete cm del-a del-b'),
    'configmap "del-a" deleted from writing namespace\nconfigmap "del-b" deleted from writing namespace\n',
  );
  t.is(await user.sh('kubectl delete cm -l del=c'), 'configmap "del-c" deleted from writing namespace\n');
  t.is(await user.fails('kubectl delete cm del-a'), 'Error from server (NotFound): configmaps "del-a" not found');
  t.is(await user.sh('kubectl delete cm del-a --ignore-not-found'), '');
  t.is(await user.sh('kubectl delete -f -', configMap('{}')), 'configmap "settings" deleted from writing namespace\n');
  t.regex(await user.sh('kubectl delete secrets --all'), /^secret "made" deleted from writing namespace$/m);
  t.is(await user.sh('kubectl get secrets -o name'), '');
});

test.serial('a namespace takes everything in it away', async (t) => {
  await user.sh(
    'kubectl create deployment web -n made --image=host --replicas=2 -- sleep 1000 && kubectl rollout status deployment/web -n made',
  );
  await user.sh('kubectl create cm inside -n made');
  t.is(await user.sh('kubectl delete namespace made --wait=false'), 'namespace "made" deleted\n');
  const refused = await user.fails('kubectl create cm late -n made');
  t.regex(
    refused,
    /^error: failed to create configmap: (configmaps "late" is forbidden: unable to create new content in namespace made because it is being terminated|namespaces "made" not found)$/,
  );
  await user.sh('kubectl wait --for=delete namespace/made');
  t.is(await user.sh('kubectl get cm,pods,deployments,replicasets,serviceaccounts,events -n made -o name'), '');
  t.is(
    await user.fails('kubectl delete namespace default'),
    'Error from server (Forbidden): namespaces "default" is forbidden: this namespace may not be deleted',
  );
});

test.serial('bad manifests get the messages of Kubernetes', async (t) => {
  const pod = (spec: string, name = 'bad'): string =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: ${spec}\n`;
  t.is(
    await user.fails('kubectl apply -f -', pod('{containers: [{name: c, image: host, comand: [x]}]}')),
    'Error from server (BadRequest): error when creating "STDIN": Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].comand"',
  );
  t.is(
    await user.fails(
      'kubectl apply --validate=warn -f -',
      pod('{containers: [{name: c, image: host, comand: [x]}], restartPolicy: Sometimes}'),
    ),
    'Warning: unknown field "spec.containers[0].comand"\nThe Pod "bad" is invalid: spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
  );
  const wrongType =
    /Deployment in version "v1" cannot be handled as a Deployment: json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32$/;
  const three = deployment().replace('replicas: 0', 'replicas: three');
  t.regex(
    await user.fails('kubectl apply -f -', three),
    // Behind a warning: it was not made by apply.
    /^The request is invalid: patch: Invalid value: "map\[.*\]": unrecognized type: int32$/m,
  );
  t.regex(await user.fails('kubectl apply -f -', three.replace('name: web', 'name: bad')), wrongType);
  t.is(
    await user.fails(
      'kubectl apply -f -',
      pod(
        "{containers: [{name: C, image: host, resources: {requests: {cpu: '2'}, limits: {cpu: '1'}}}, {name: C}]}",
        'Bad_Name',
      ),
    ),
    `The Pod "Bad_Name" is invalid: 
* metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')
* spec.containers[0].name: Invalid value: "C": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
* spec.containers[0].resources.requests: Invalid value: "2": must be less than or equal to cpu limit of 1
* spec.containers[1].name: Invalid value: "C": a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')
* spec.containers[1].image: Required value
* spec.containers[1].name: Duplicate value: "C"`,
  );
  t.is(
    await user.fails('kubectl apply -f -', configMap('{a: 1}')),
    'Error from server (BadRequest): error when creating "STDIN": ConfigMap in version "v1" cannot be handled as a ConfigMap: json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
  );
  t.is(
    await user.fails('kubectl apply -f -', 'apiVersion: apps/v2\nkind: Deployment\nmetadata: {name: bad}\n'),
    'error: resource mapping not found for name: "bad" namespace: "" from "STDIN": no matches for kind "Deployment" in version "apps/v2"\nensure CRDs are installed first',
  );
  t.is(await user.sh('kubectl get pods -o name'), '');
  t.is(
    await user.fails('kubectl get deployment bad'),
    'Error from server (NotFound): deployments.apps "bad" not found',
  );
});
