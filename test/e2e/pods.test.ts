import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { temporaryFolder } from './support/files.ts';
import { processesWith } from './support/processes.ts';
import { clusterUser } from './support/user.ts';

const user = clusterUser(test);

/** Containers, which are nobody, can write here. */
const outside = temporaryFolder(test);
chmodSync(outside, 0o777);

/** A pod of one container that runs that line of shell. */
const pod = (name: string, line: string, container = '', spec = ''): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 1
  ${spec}
  containers:
    - name: main
      image: host
      command: [sh, -c, ${JSON.stringify(line)}]
      ${container}
---`;
const never = 'restartPolicy: Never';
const until = (name: string, path: string, value: string): Promise<string> =>
  user.sh(`kubectl wait --for=jsonpath='{${path}}'=${value} pod/${name}`);
const field = (name: string, path: string): Promise<string> =>
  user.sh(`kubectl get pod ${name} -o jsonpath='{${path}}'`);
const first = '.status.containerStatuses[0]';
/** Resolves when the pod has such an Event. */
async function event(name: string, pattern: RegExp): Promise<void> {
  const events = user.background(`kubectl events --for pod/${name} --watch`);
  await events.until(pattern);
  await events.interrupt();
}

test.serial.before(() => user.enterNamespace('pods'));

test.serial('a pod that ends well, badly, or by a signal', async (t) => {
  await user.sh(
    'kubectl apply -f -',
    pod('well', 'exit 0', '', never) +
      pod('badly', 'exit 42', '', never) +
      // Kubernetes makes one dollar sign of two.
      pod('signalled', 'kill -9 $$$$', '', never),
  );
  await until('well', '.status.phase', 'Succeeded');
  await Promise.all(['badly', 'signalled'].map((name) => until(name, '.status.phase', 'Failed')));
  const table = await user.sh('kubectl get pods');
  t.regex(table, /^well +0\/1 +Completed +0 /m);
  t.regex(table, /^badly +0\/1 +Error +0 /m);
  const ended = async (name: string) => JSON.parse(await field(name, `${first}.state.terminated`));
  t.like(await ended('well'), { exitCode: 0, reason: 'Completed' });
  t.like(await ended('badly'), { exitCode: 42, reason: 'Error' });
  t.like(await ended('signalled'), { exitCode: 137, reason: 'Error' });
  t.is(await field('badly', '.status.conditions[?(@.type=="Ready")].reason'), 'PodFailed');
  t.is(await field('well', '.status.conditions[?(@.type=="Ready")].reason'), 'PodCompleted');
});

test.serial('a container that keeps failing is started again, ever later', async (t) => {
  await user.sh('kubectl apply -f -', pod('crash', 'echo dying; exit 3'));
  await until('crash', `${first}.restartCount`, '2');
  await until('crash', `${first}.state.waiting.reason`, 'CrashLoopBackOff');
  t.regex(await user.sh('kubectl get pod crash --no-headers'), /^crash +0\/1 +CrashLoopBackOff +2 \(\w+ ago\) /);
  t.like(JSON.parse(await field('crash', `${first}.lastState.terminated`)), { exitCode: 3, reason: 'Error' });
  t.regex(
    await field('crash', `${first}.state.waiting.message`),
    /^back-off 20s restarting failed container=main pod=crash_pods\(\S+\)$/,
  );
  await event('crash', /Warning +BackOff +Pod\/crash +Back-off restarting failed container main in pod crash_pods\(/);
  t.is(await user.sh('kubectl logs crash --previous'), 'dying\n');
  await user.sh('kubectl delete pod crash');
});

test.serial('on failure means: until it ends well', async (t) => {
  await user.sh(
    'kubectl apply -f -',
    pod(
      'retry',
      '[ -e /state/x ] || { touch /state/x; exit 1; }',
      'volumeMounts: [{name: state, mountPath: /state}]',
      'restartPolicy: OnFailure\n  volumes: [{name: state, emptyDir: {}}]',
    ),
  );
  await until('retry', '.status.phase', 'Succeeded');
  t.is(await field('retry', `${first}.restartCount`), '1');
});

test.serial('over its memory limit it is killed, and the reason told', async (t) => {
  const enforced = await user.sh(
    "kubectl get node peer-1 -o jsonpath='{.metadata.annotations.keelson\\.dev/enforced-limits}'",
  );
  if (!enforced.split(',').includes('memory')) {
    t.pass('no memory limits on this machine');
    return;
  }
  await user.sh(
    'kubectl apply -f -',
    pod(
      'greedy',
      'x=a; while :; do x=\\"$x$x\\"; done'.replaceAll('\\"', '"'),
      'resources: {limits: {memory: 20Mi}}',
      never,
    ),
  );
  await until('greedy', '.status.phase', 'Failed');
  t.like(JSON.parse(await field('greedy', `${first}.state.terminated`)), { exitCode: 137, reason: 'OOMKilled' });
  t.regex(await user.sh('kubectl get pod greedy --no-headers'), /^greedy +0\/1 +OOMKilled +0 /);
});

test.serial('a program or image that does not exist', async (t) => {
  await user.sh(
    'kubectl apply -f -',
    `${pod('no-program', '').replace(/command: .*/, 'command: [/no/such/program]')}
${pod('no-image', 'true').replace('image: host', 'image: nowhere.example/none:1')}`,
  );
  await until('no-program', `${first}.lastState.terminated.reason`, 'StartError');
  t.is(await field('no-program', `${first}.lastState.terminated.exitCode`), '128');
  t.regex(
    await field('no-program', `${first}.lastState.terminated.message`),
    /"\/no\/such\/program".*no such file or directory/,
  );
  await event('no-program', /Warning +Failed +Pod\/no-program +Error: .*no such file or directory/);
  await until('no-image', `${first}.state.waiting.reason`, 'ImagePullBackOff');
  t.regex(
    await field('no-image', `${first}.state.waiting.message`),
    /^Back-off pulling image "nowhere.example\/none:1"/,
  );
  t.is(await field('no-image', '.status.phase'), 'Pending');
  await event('no-image', /Warning +Failed +Pod\/no-image +Failed to pull image "nowhere.example\/none:1": /);
  await event('no-image', /Warning +Failed +Pod\/no-image +Error: ErrImagePull/);
  await event('no-image', /Normal +BackOff +Pod\/no-image +Back-off pulling image "nowhere.example\/none:1"/);
  t.regex(
    await user.fails('kubectl logs no-image'),
    /^Error from server \(BadRequest\): container "main" in pod "no-image" is waiting to start: (trying and failing to pull image|image can't be pulled)$/,
  );
});

test.serial('init containers go first, one after the other, and must end well', async (t) => {
  const init = (name: string, line: string): string =>
    `{name: ${name}, image: host, command: [sh, -c, ${JSON.stringify(line)}], volumeMounts: [{name: shared, mountPath: /shared}]}`;
  await user.sh(
    'kubectl apply -f -',
    pod(
      'prepared',
      'cat /shared/order; exec sleep 1000',
      'volumeMounts: [{name: shared, mountPath: /shared}]',
      `volumes: [{name: shared, emptyDir: {}}]\n  initContainers: [${init('one', 'echo one >> /shared/order')}, ${init('two', 'echo two >> /shared/order')}]`,
    ) +
      pod(
        'unprepared',
        'true',
        '',
        `${never}\n  volumes: [{name: shared, emptyDir: {}}]\n  initContainers: [${init('broken', 'exit 5')}]`,
      ),
  );
  await user.sh('kubectl wait --for=condition=Ready pod/prepared');
  const order = user.background('kubectl logs -f prepared -c main');
  t.is(await order.until(/one\ntwo\n/), 'one\ntwo\n');
  await order.interrupt();
  await until('unprepared', '.status.phase', 'Failed');
  t.regex(await user.sh('kubectl get pod unprepared --no-headers'), /^unprepared +0\/1 +Init:Error +0 /);
});

test.serial('the environment comes from values, ConfigMaps, Secrets, fields and resources', async (t) => {
  await user.sh(
    'kubectl create cm settings --from-literal=colour=red --from-literal=shape=round && kubectl create secret generic keys --from-literal=key=s3cret',
  );
  const env = `env:
        - {name: PLAIN, value: plain}
        - {name: NESTED, value: "$(PLAIN)-$(COLOUR)-$$(PLAIN)"}
        - {name: COLOUR, valueFrom: {configMapKeyRef: {name: settings, key: colour}}}
        - {name: LATER, value: "$(COLOUR)"}
        - {name: KEY, valueFrom: {secretKeyRef: {name: keys, key: key}}}
        - {name: MISSING, valueFrom: {configMapKeyRef: {name: settings, key: none, optional: true}}}
        - {name: POD, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
        - {name: NODE, valueFrom: {fieldRef: {fieldPath: spec.nodeName}}}
        - {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
        - {name: CPU, valueFrom: {resourceFieldRef: {resource: limits.cpu, divisor: 1m}}}
      envFrom: [{prefix: ALL_, configMapRef: {name: settings}}]
      resources: {limits: {cpu: 250m}}
      volumeMounts: [{name: files, mountPath: /files}]`;
  await user.sh(
    'kubectl apply -f -',
    pod(
      'surrounded',
      'env | sort; echo "$MISSING|"; cat /files/colour /files/key',
      env,
      `${never}\n  volumes: [{name: files, projected: {sources: [{configMap: {name: settings}}, {secret: {name: keys}}]}}]`,
    ),
  );
  await until('surrounded', '.status.phase', 'Succeeded');
  const output = await user.sh('kubectl logs surrounded');
  const [node, ip] = [await field('surrounded', '.spec.nodeName'), await field('surrounded', '.status.podIP')];
  for (const line of [
    'PLAIN=plain',
    'NESTED=plain-$(COLOUR)-$(PLAIN)',
    'COLOUR=red',
    'LATER=red',
    'KEY=s3cret',
    'POD=surrounded',
    `NODE=${node}`,
    `IP=${ip}`,
    'CPU=250',
    'ALL_colour=red',
    'ALL_shape=round',
    'KUBERNETES_SERVICE_HOST=127.0.0.1',
    // The port that all peers share.
    `KUBERNETES_SERVICE_PORT=${Number(new URL(user.cluster.servers[0]!).port) + 999}`,
  ])
    t.true(output.split('\n').includes(line), `${line} in\n${output}`);
  t.true(output.endsWith('|\nreds3cret'), output);
});

test.serial('a pod whose ConfigMap is missing waits for it', async (t) => {
  await user.sh('kubectl apply -f -', pod('patient', 'exec sleep 1000', 'envFrom: [{configMapRef: {name: late}}]'));
  await until('patient', `${first}.state.waiting.reason`, 'CreateContainerConfigError');
  t.is(await field('patient', `${first}.state.waiting.message`), 'configmap "late" not found');
  await user.sh('kubectl create cm late && kubectl wait --for=condition=Ready pod/patient');
});

test.serial(
  'probes: not ready until it is, restarted when it is not alive, left alone until it has started',
  async (t) => {
    const file = (name: string) => join(outside, name);
    const probe = (kind: string, name: string, more = ''): string =>
      `${kind}: {exec: {command: [test, -e, ${file(name)}]}, periodSeconds: 1, timeoutSeconds: 30${more}}`;
    writeFileSync(file('alive'), '');
    await user.sh(
      'kubectl apply -f -',
      pod('shy', 'exec sleep 1000', probe('readinessProbe', 'ready')) +
        pod('lively', 'exec sleep 1000', probe('livenessProbe', 'alive', ', failureThreshold: 1')) +
        pod(
          'starter',
          'exec sleep 1000',
          `${probe('startupProbe', 'started', ', failureThreshold: 100')}\n      ${probe('livenessProbe', 'never', ', failureThreshold: 1')}`,
        ),
    );
    await until('shy', '.status.phase', 'Running');
    await event('shy', /Warning +Unhealthy +Pod\/shy +Readiness probe failed:/);
    t.regex(await user.sh('kubectl get pod shy --no-headers'), /^shy +0\/1 +Running +0 /);
    writeFileSync(file('ready'), '');
    await user.sh('kubectl wait --for=condition=Ready pod/shy');
    await user.sh(`kubectl wait --for=condition=Ready pod/lively && rm ${file('alive')}`);
    await event('lively', /Normal +Killing +Pod\/lively +Container main failed liveness probe, will be restarted/);
    writeFileSync(file('alive'), '');
    await until('lively', `${first}.restartCount`, '1');
    t.is(await field('starter', `${first}.started`), 'false');
    t.is(await field('starter', `${first}.restartCount`), '0');
    writeFileSync(file('started'), '');
    await event('starter', /Normal +Killing +Pod\/starter +Container main failed liveness probe, will be restarted/);
  },
);

test.serial('probes over HTTP and TCP reach the pod at its own address', async (t) => {
  const server = `require("http").createServer((q,s)=>{s.statusCode=q.url==="/good"?200:500;s.end("hm")}).listen(8080,process.env.IP)`;
  const http = (name: string, path: string): string =>
    pod(
      name,
      `exec ${process.execPath} -e '${server}'`,
      `env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
      ports: [{name: web, containerPort: 8080}]
      readinessProbe: {httpGet: {path: ${path}, port: web}, periodSeconds: 1}
      startupProbe: {tcpSocket: {port: 8080}, periodSeconds: 1, failureThreshold: 60}`,
    );
  await user.sh('kubectl apply -f -', http('good', '/good') + http('bad', '/bad'));
  await user.sh('kubectl wait --for=condition=Ready pod/good');
  await event('bad', /Warning +Unhealthy +Pod\/bad +Readiness probe failed: HTTP probe failed with statuscode: 500/);
  t.is(await field('bad', `${first}.ready`), 'false');
});

test.serial('ended gracefully: hook, signal, time to finish; then by force', async (t) => {
  const told = join(outside, 'told');
  const line = `trap 'echo signal >> ${told}; exit 0' TERM; while :; do sleep 0.1; done`;
  await user.sh(
    'kubectl apply -f -',
    pod('polite', line, `lifecycle: {preStop: {exec: {command: [sh, -c, 'echo hook >> ${told}']}}}`).replace(
      'GracePeriodSeconds: 1',
      'GracePeriodSeconds: 30',
    ) + pod('stubborn', `trap '' TERM; while :; do sleep 0.1; done`, 'env: [{name: STUBBORN, value: e2e}]'),
  );
  await user.sh('kubectl wait --for=condition=Ready pod/polite pod/stubborn');
  await user.sh('kubectl delete pod polite');
  t.is(readFileSync(told, 'utf8'), 'hook\nsignal\n');
  t.is(processesWith('STUBBORN=e2e').length, 1);
  const watch = user.background('kubectl get pod stubborn -w --no-headers');
  await watch.until(/Running/);
  await user.sh('kubectl delete pod stubborn');
  t.deepEqual(processesWith('STUBBORN=e2e'), []);
  await watch.until(/stubborn +1\/1 +Terminating/);
  await watch.interrupt();
});

test.serial('a postStart hook runs with the container', async (t) => {
  const made = join(outside, 'post-start');
  await user.sh(
    'kubectl apply -f -',
    pod('hooked', 'exec sleep 1000', `lifecycle: {postStart: {exec: {command: [touch, ${made}]}}}`),
  );
  await user.sh('kubectl wait --for=condition=Ready pod/hooked');
  t.true(existsSync(made));
});

test.serial('what fits nowhere stays pending, and says why; then it fits', async (t) => {
  await user.sh(
    'kubectl apply -f -',
    pod('huge', 'exec sleep 1000', "resources: {requests: {cpu: '100'}}") +
      pod('choosy', 'exec sleep 1000', '', 'nodeSelector: {disk: ssd}') +
      pod('gated', 'exec sleep 1000', '', 'schedulingGates: [{name: example.com/wait}]'),
  );
  await event('huge', /Warning +FailedScheduling +Pod\/huge +0\/3 nodes are available: 3 Insufficient cpu\. /);
  await event(
    'choosy',
    /Warning +FailedScheduling +Pod\/choosy +0\/3 nodes are available: 3 node\(s\) didn't match Pod's node affinity\/selector\. /,
  );
  t.is(await field('huge', '.status.conditions[?(@.type=="PodScheduled")].reason'), 'Unschedulable');
  const table = await user.sh('kubectl get pods huge choosy gated --no-headers');
  t.regex(table, /^huge +0\/1 +Pending +0 .*\nchoosy +0\/1 +Pending +0 .*\ngated +0\/1 +SchedulingGated +0 .*\n$/);
  await user.sh('kubectl label node peer-2 disk=ssd && kubectl wait --for=condition=Ready pod/choosy');
  t.is(await field('choosy', '.spec.nodeName'), 'peer-2');
  await user.sh(
    `kubectl patch pod gated --type=json -p '[{"op":"remove","path":"/spec/schedulingGates"}]' && kubectl wait --for=condition=Ready pod/gated`,
  );
});
