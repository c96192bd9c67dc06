import test from 'ava';
import { processesWith } from './support/processes.ts';
import { clusterUser } from './support/user.ts';

const user = clusterUser(test);

const manifest = `
apiVersion: apps/v1
kind: Deployment
metadata: {name: moving}
spec:
  replicas: 3
  selector: {matchLabels: {app: moving}}
  template:
    metadata: {labels: {app: moving}}
    spec:
      terminationGracePeriodSeconds: 1
      tolerations:
        - {key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
        - {key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 1}
      containers:
        - name: main
          image: host
          command: [sleep, '1000']
          env: [{name: POD_NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}]
---
apiVersion: v1
kind: Pod
metadata: {name: staying}
spec:
  nodeName: peer-3
  containers: [{name: main, image: host, command: [sleep, '1000']}]
`;

const nodesOf = async (selector: string): Promise<string[]> =>
  (await user.sh(`kubectl get pods -l app=moving ${selector} -o jsonpath='{.items[*].spec.nodeName}'`))
    .split(' ')
    .sort();

test.serial('a dead peer is noticed, and its pods run elsewhere', async (t) => {
  await user.sh('kubectl apply -f - && kubectl rollout status deployment/moving', manifest);
  t.deepEqual(await nodesOf(''), ['peer-1', 'peer-2', 'peer-3']);
  user.cluster.kill(3);
  await user.sh('kubectl wait --for=condition=Ready=Unknown node/peer-3');
  t.regex(await user.sh('kubectl get node peer-3 --no-headers'), /^peer-3 +NotReady /);
  t.regex(
    await user.sh('kubectl get node peer-3 -o jsonpath=\'{.status.conditions[?(@.type=="Ready")]}\''),
    /"message":"Kubelet stopped posting node status.","reason":"NodeStatusUnknown","status":"Unknown","type":"Ready"/,
  );
  await user.sh(
    'kubectl wait --for=jsonpath=\'{.spec.taints[?(@.effect=="NoExecute")].key}\'=node.kubernetes.io/unreachable node/peer-3',
  );
  // What is on the dead node is deleted, but only its kubelet could say that it is gone.
  await user.sh(
    'kubectl wait --for=jsonpath={.metadata.deletionTimestamp} pod -l app=moving --field-selector spec.nodeName=peer-3',
  );
  await user.sh(
    'kubectl rollout status deployment/moving && kubectl wait --for=jsonpath={.status.readyReplicas}=3 deployment/moving',
  );
  const living = await nodesOf('--field-selector spec.nodeName!=peer-3');
  t.is(living.length, 3);
  t.deepEqual([...new Set(living)], ['peer-1', 'peer-2']);
  // Pods stay as long as their tolerations say; meanwhile they are not ready.
  t.is(
    await user.sh(
      'kubectl get pod staying -o jsonpath=\'{.status.conditions[?(@.type=="Ready")].status}{.metadata.deletionTimestamp}\'',
    ),
    'False',
  );
  t.regex(await user.sh('kubectl describe node peer-3'), /NodeNotReady/);
});

test.serial('when it comes back, what was deleted ends and what was not has kept running', async (t) => {
  const old = (await user.sh('kubectl get pods -l app=moving --field-selector spec.nodeName=peer-3 -o name'))
    .trim()
    .replace('pod/', '');
  t.is(processesWith(`POD_NAME=${old}`).length, 1);
  await user.cluster.restart(3);
  await user.sh('kubectl wait --for=condition=Ready node/peer-3');
  await user.sh(`kubectl wait --for=delete pod/${old} && kubectl wait --for=condition=Ready pod/staying`);
  t.deepEqual(processesWith(`POD_NAME=${old}`), []);
  t.is(await user.sh("kubectl get pod staying -o jsonpath='{.status.containerStatuses[0].restartCount}'"), '0');
  t.is(await user.sh('kubectl get node peer-3 -o jsonpath={.spec.taints}'), '');
});
