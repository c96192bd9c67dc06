import test from 'ava';
import { clusterUser } from './support/user.ts';

const user = clusterUser(test);

/** A Deployment whose pods tell their VERSION once and then sleep. */
const web = (replicas: number, version = 'one', strategy = ''): string => `
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  ${strategy}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: main
          image: host
          command: [sh, -c, 'echo "$VERSION"; exec sleep 1000']
          env: [{name: VERSION, value: ${version}}]
`;
const successfully = /deployment "web" successfully rolled out\n$/;
const version = "kubectl get deployment web -o jsonpath='{.spec.template.spec.containers[0].env[0].value}'";

test.serial.before(() => user.enterNamespace('workloads'));

test.serial('a paused rollout waits, and goes on when resumed', async (t) => {
  await user.sh('kubectl apply -f - && kubectl rollout status deployment/web', web(2));
  t.is(await user.sh('kubectl rollout pause deployment/web'), 'deployment.apps/web paused\n');
  await user.sh('kubectl set env deployment/web VERSION=two');
  await user.sh(
    'kubectl wait --for=jsonpath=\'{.status.conditions[?(@.type=="Progressing")].reason}\'=DeploymentPaused deployment/web',
  );
  t.is((await user.sh('kubectl get rs -o name')).trim().split('\n').length, 1);
  t.is(await user.fails('kubectl rollout pause deployment/web'), 'error: deployments.apps "web" is already paused');
  t.is(await user.sh('kubectl rollout resume deployment/web'), 'deployment.apps/web resumed\n');
  t.regex(await user.sh('kubectl rollout status deployment/web'), successfully);
  t.is((await user.sh('kubectl get rs -o name')).trim().split('\n').length, 2);
});

test.serial('revisions are told with their cause, shown, and gone back to', async (t) => {
  await user.sh(
    'kubectl set env deployment/web VERSION=three && kubectl annotate deployment/web kubernetes.io/change-cause="the third"',
  );
  await user.sh('kubectl rollout status deployment/web');
  t.is(
    await user.sh('kubectl rollout history deployment/web'),
    'deployment.apps/web \nREVISION  CHANGE-CAUSE\n1         <none>\n2         <none>\n3         the third\n\n',
  );
  t.regex(await user.sh('kubectl rollout history deployment/web --revision=2'), /VERSION:\ttwo/);
  t.is(await user.sh('kubectl rollout undo deployment/web --to-revision=1'), 'deployment.apps/web rolled back\n');
  await user.sh('kubectl rollout status deployment/web');
  t.is(await user.sh(version), 'one');
  t.regex(await user.sh('kubectl rollout history deployment/web'), /\n2 +<none>\n3 +the third\n4 +<none>\n\n$/);
  t.is(
    await user.fails('kubectl rollout undo deployment/web --to-revision=77'),
    'error: unable to find specified revision 77 in history',
  );
  t.is(
    await user.sh('kubectl rollout undo deployment/web --to-revision=4'),
    'deployment.apps/web skipped rollback (current template already matches revision 4)\n',
  );
});

test.serial('rollout restart replaces every pod', async (t) => {
  const before = await user.sh('kubectl get pods -l app=web -o name');
  t.is(await user.sh('kubectl rollout restart deployment/web'), 'deployment.apps/web restarted\n');
  t.regex(await user.sh('kubectl rollout status deployment/web'), successfully);
  await user.sh(`kubectl wait --for=delete ${before.trim().replaceAll('\n', ' ')}`);
  t.is((await user.sh('kubectl get pods -l app=web -o name')).trim().split('\n').length, 2);
});

test.serial('a strategy of Recreate ends the old pods first', async (t) => {
  await user.sh(
    'kubectl apply -f - && kubectl rollout status deployment/web',
    web(2, 'one', 'strategy: {type: Recreate, rollingUpdate: null}'),
  );
  const pods = user.background(
    'kubectl get pods -l app=web -w -o jsonpath=\'{.metadata.labels.pod-template-hash} {.metadata.deletionTimestamp} {.status.phase}{"\\n"}\'',
  );
  await pods.until(/(\S+ +Running\n){2}/);
  const [old] = pods.output().split(' ');
  await user.sh('kubectl set env deployment/web VERSION=new && kubectl rollout status deployment/web');
  await pods.interrupt();
  const hashes = pods
    .output()
    .trim()
    .split('\n')
    .map((line) => line.split(' ')[0]);
  t.true(hashes.lastIndexOf(old) < hashes.findIndex((hash) => hash !== old), pods.output());
});

test.serial('a rollout that does not get on is told so', async (t) => {
  await user.sh(
    'kubectl apply -f - && kubectl rollout status deployment/web',
    web(1, 'one', 'progressDeadlineSeconds: 600'),
  );
  await user.sh(
    `kubectl patch deployment web -p '{"spec":{"progressDeadlineSeconds":3}}' && kubectl set image deployment/web main=nowhere.example/none:1`,
  );
  t.is(
    await user.fails('kubectl rollout status deployment/web'),
    'error: deployment "web" exceeded its progress deadline',
  );
  t.regex(await user.sh('kubectl get deployment web --no-headers'), /^web +1\/1 +1 +1 +\w+\n$/);
  t.regex(await user.sh('kubectl describe deployment web'), /^ {2}Progressing +False +ProgressDeadlineExceeded$/m);
  // That may be too short for what does get on, too.
  await user.sh(`kubectl patch deployment web -p '{"spec":{"progressDeadlineSeconds":600}}'`);
  // Till the pod that did not start is gone, the rollout still counts as one that does not get on, as in Kubernetes.
  await user.sh('kubectl rollout undo deployment/web && kubectl wait --for=condition=Progressing deployment/web');
  await user.sh('kubectl rollout status deployment/web');
});

test.serial('scale: checked, to nothing, and by force of the Deployment', async (t) => {
  t.is(
    await user.fails('kubectl scale deployment/web --current-replicas=7 --replicas=3'),
    'error: Expected replicas to be 7, was 1',
  );
  t.is(await user.sh('kubectl scale deployment/web --current-replicas=1 --replicas=2'), 'deployment.apps/web scaled\n');
  await user.sh('kubectl rollout status deployment/web');
  // A ReplicaSet has the size its Deployment wants.
  const set = (await user.sh("kubectl get rs -o jsonpath='{.items[?(@.spec.replicas>0)].metadata.name}'")).trim();
  await user.sh(
    `kubectl scale rs/${set} --replicas=5 && kubectl wait --for=jsonpath={.spec.replicas}=2 rs/${set} && kubectl wait --for=jsonpath={.status.replicas}=2 rs/${set}`,
  );
  // A pod that goes is replaced.
  const [first] = (await user.sh('kubectl get pods -l app=web -o name')).split('\n');
  await user.sh(`kubectl delete ${first} && kubectl wait --for=jsonpath={.status.readyReplicas}=2 rs/${set}`);
  await user.sh('kubectl scale deployment/web --replicas=0 && kubectl wait --for=delete pod -l app=web');
  t.regex(await user.sh('kubectl get deployment web --no-headers'), /^web +0\/0 +0 +0 +\w+\n$/);
});

test.serial('deletion with orphans leaves the ReplicaSets, which a new Deployment adopts', async (t) => {
  await user.sh('kubectl scale deployment/web --replicas=1 && kubectl rollout status deployment/web');
  const pod = await user.sh('kubectl get pods -l app=web -o name');
  await user.sh(
    'kubectl get deployment web -o yaml > $HOME/web.yaml && kubectl delete deployment web --cascade=orphan',
  );
  t.is(await user.sh('kubectl get deployments -o name'), '');
  t.is(await user.sh('kubectl get pods -l app=web -o name'), pod);
  await user.sh('kubectl create -f $HOME/web.yaml && kubectl rollout status deployment/web');
  t.is(await user.sh('kubectl get pods -l app=web -o name'), pod);
  t.is(
    await user.sh('kubectl delete deployment web --cascade=foreground'),
    'deployment.apps "web" deleted from workloads namespace\n',
  );
  // Foreground: when the Deployment is gone, all that was its own went before.
  t.is(await user.sh('kubectl get pods,rs -l app=web -o name'), '');
});

test.serial('run, and delete with all haste', async (t) => {
  t.is(
    await user.sh('kubectl run sleeper --image=host --labels=app=run --command -- sleep 1000'),
    'pod/sleeper created\n',
  );
  await user.sh('kubectl wait --for=condition=Ready pod/sleeper');
  t.is(
    await user.sh('kubectl run once --image=host --restart=Never --env=A=B --command -- sh -c \'echo "got $A"\''),
    'pod/once created\n',
  );
  await user.sh("kubectl wait --for=jsonpath='{.status.phase}'=Succeeded pod/once");
  t.is(await user.sh('kubectl logs once'), 'got B\n');
  t.regex(await user.sh('kubectl get pod once --no-headers'), /^once +0\/1 +Completed +0 +\w+\n$/);
  t.is(await user.sh('kubectl run dry --image=host --dry-run=client -o name'), 'pod/dry\n');
  t.regex(
    await user.sh('kubectl delete pod sleeper --grace-period=0 --force 2>&1'),
    /^Warning: Immediate deletion does not wait for confirmation that the running resource has been terminated. The resource may continue to run on the cluster indefinitely.\npod "sleeper" force deleted from workloads namespace\n$/,
  );
  t.is(await user.sh('kubectl delete pod once --now'), 'pod "once" deleted from workloads namespace\n');
  t.is(await user.sh('kubectl get pods -o name'), '');
});

test.serial('logs: tail, since, timestamps, of several containers and pods, of the run before', async (t) => {
  await user.sh(
    'kubectl apply -f -',
    `
apiVersion: v1
kind: Pod
metadata: {name: talker, labels: {app: talk}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: one, image: host, command: [sh, -c, 'seq 1 20; exec sleep 1000']}
    - {name: two, image: host, command: [sh, -c, 'echo other; echo to stderr >&2; exec sleep 1000']}
---
apiVersion: v1
kind: Pod
metadata: {name: second, labels: {app: talk}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: one, image: host, command: [sh, -c, 'echo second; exec sleep 1000']}
---
apiVersion: v1
kind: Pod
metadata: {name: again}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: one
      image: host
      command: [sh, -c, 'if [ -e /state/run ]; then echo second run; exec sleep 1000; fi; touch /state/run; echo first run; exit 3']
      volumeMounts: [{name: state, mountPath: /state}]
  volumes: [{name: state, emptyDir: {}}]
`,
  );
  await user.sh('kubectl wait --for=condition=Ready pods --all');
  // What is started is ready: it may not have written yet.
  const written = [/^20$/m, /^(other\n)?to stderr\n(other\n)?$/, /^second\n$/, /^second run\n$/].map(
    async (pattern, index) => {
      const log = user.background(`kubectl logs -f ${['talker -c one', 'talker -c two', 'second', 'again'][index]}`);
      await log.until(pattern);
      await log.interrupt();
    },
  );
  await Promise.all(written);
  t.is(await user.sh('kubectl logs talker -c one --tail=3'), '18\n19\n20\n');
  t.is(await user.sh('kubectl logs talker -c one --tail=0'), '');
  t.is((await user.sh('kubectl logs talker one')).split('\n').length, 21);
  t.is(await user.sh('kubectl logs talker --tail=1 2>&1'), 'Defaulted container "one" out of: one, two\n20\n');
  t.regex(
    await user.sh('kubectl logs talker -c one --tail=1 --timestamps'),
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z 20\n$/,
  );
  t.is((await user.sh('kubectl logs talker -c one --since=1h')).split('\n').length, 21);
  t.is(await user.sh('kubectl logs talker -c one --since-time=$(date -u -d "+1 hour" +%FT%TZ)'), '');
  t.is(await user.sh('kubectl logs talker -c one --limit-bytes=4'), '1\n2\n');
  const all = await user.sh('kubectl logs talker --all-containers --prefix --tail=1');
  t.regex(all, /^\[pod\/talker\/one\] 20$/m);
  t.regex(all, /^\[pod\/talker\/two\] (other|to stderr)$/m);
  const labelled = await user.sh('kubectl logs -l app=talk -c one --tail=1 --prefix');
  t.deepEqual(labelled.trim().split('\n').sort(), ['[pod/second/one] second', '[pod/talker/one] 20']);
  t.is(await user.sh('kubectl logs again'), 'second run\n');
  t.is(await user.sh('kubectl logs again -p'), 'first run\n');
  t.is(
    await user.fails('kubectl logs second -p'),
    'Error from server (BadRequest): previous terminated container "one" in pod "second" not found',
  );
  t.is(await user.fails('kubectl logs talker -c three'), 'error: container three is not valid for pod talker');
  await user.sh('kubectl delete pods --all');
});

test.serial('wait: for a condition, a field, a deletion, and in vain', async (t) => {
  t.regex(await user.sh('kubectl wait --for=condition=Ready nodes --all'), /^(node\/peer-[123] condition met\n){3}$/);
  await user.sh('kubectl run slow --image=host --command -- sleep 1000');
  t.is(await user.sh('kubectl wait --for=condition=Ready=true pod/slow'), 'pod/slow condition met\n');
  t.is(await user.sh("kubectl wait --for=jsonpath='{.status.phase}'=Running pod/slow"), 'pod/slow condition met\n');
  t.is(
    await user.fails('kubectl wait --for=condition=Initialized=false pod/slow --timeout=1s'),
    'error: timed out waiting for the condition on pods/slow',
  );
  t.is(
    await user.fails('kubectl wait --for=condition=Ready pod/nobody'),
    'Error from server (NotFound): pods "nobody" not found',
  );
  await user.sh('kubectl delete pod slow --wait=false --now');
  t.regex(await user.sh('kubectl wait --for=delete pod/slow'), /^(pod\/slow condition met\n)?$/);
  const created = user.background('kubectl wait --for=create configmap/later');
  await user.sh('kubectl create cm later');
  t.is(await created.done(), 'configmap/later condition met\n');
});

test.serial('cordon, drain and uncordon', async (t) => {
  await user.sh('kubectl apply -f - && kubectl rollout status deployment/web', web(6));
  t.is(await user.sh('kubectl cordon peer-1'), 'node/peer-1 cordoned\n');
  t.regex(await user.sh('kubectl get node peer-1 --no-headers'), /^peer-1 +Ready,SchedulingDisabled /);
  await user.sh(
    `kubectl run bare --image=host --overrides='{"spec":{"nodeName":"peer-1","terminationGracePeriodSeconds":0}}' --command -- sleep 1000 && kubectl wait --for=condition=Ready pod/bare`,
  );
  t.regex(
    await user.fails('kubectl drain peer-1'),
    /error: unable to drain node "peer-1" due to error: cannot delete cannot delete Pods that declare no controller \(use --force to override\): workloads\/bare, continuing command\.\.\./,
  );
  const drained = await user.sh('kubectl drain peer-1 --force 2>&1');
  t.regex(drained, /^evicting pod workloads\/web-\S+$/m);
  t.regex(drained, /node\/peer-1 drained\n$/);
  await user.sh('kubectl rollout status deployment/web');
  t.is(await user.sh('kubectl get pods --field-selector spec.nodeName=peer-1 -o name'), '');
  t.is(await user.sh('kubectl uncordon peer-1'), 'node/peer-1 uncordoned\n');
});

test.serial('taints keep pods off, and drive them away', async (t) => {
  t.is(await user.sh('kubectl taint nodes peer-1 only=others:NoSchedule'), 'node/peer-1 tainted\n');
  t.is(
    await user.fails('kubectl taint nodes peer-1 only=others:NoSchedule'),
    'error: node peer-1 already has only taint(s) with same effect(s) and --overwrite is false',
  );
  await user.sh('kubectl rollout restart deployment/web && kubectl rollout status deployment/web');
  await user.sh('kubectl taint nodes peer-2 out=now:NoExecute');
  await user.sh('kubectl wait --for=delete pods --field-selector spec.nodeName=peer-2');
  await user.sh('kubectl rollout status deployment/web');
  t.deepEqual(
    [...new Set((await user.sh("kubectl get pods -l app=web -o jsonpath='{.items[*].spec.nodeName}'")).split(' '))],
    ['peer-3'],
  );
  t.is(
    await user.sh('kubectl taint nodes peer-1 only- && kubectl taint nodes peer-2 out:NoExecute-'),
    'node/peer-1 untainted\nnode/peer-2 untainted\n',
  );
  await user.sh('kubectl delete deployment web');
});
