import { dirname } from 'node:path';
import test from 'ava';
import { IMAGE, pod, workload } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { user, sh, fails, file, names, value, template, enterNamespace } = scenario(test);

/** A pod of two containers on the node: `quiet` says one word, `counting` keeps counting. */
const two = pod('two', {
  spec: {
    containers: [
      { name: 'quiet', image: 'host', command: ['sh', '-c', 'echo word; exec sleep 1000'] },
      {
        name: 'counting',
        image: 'host',
        command: ['sh', '-c', 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done'],
      },
    ],
  },
});
const web = workload('Deployment', 'web', { replicas: 2 });
web.spec.template.spec = {
  terminationGracePeriodSeconds: 1,
  containers: [{ name: 'main', image: 'host', command: ['sh', '-c', 'echo hello; exec sleep 1000'] }],
} as object;

test.serial.before(async () => {
  await enterNamespace('operating');
  await sh(`kubectl create -f ${file('two.json', two)} && kubectl create -f ${file('web.json', web)}`);
  await sh('kubectl wait pod/two --for=condition=Ready && kubectl rollout status deployment web');
});

/** Runs a line until it prints that: what pods use is known when it was measured twice. */
async function eventually(line: string, pattern: RegExp): Promise<string> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const printed = await sh(`${line} 2>&1 || true`);
    if (pattern.test(printed)) return printed;
    if (Date.now() > deadline) throw new Error(`${line} never printed ${pattern}\n${printed}`);
  }
}

test.serial('top: nodes, pods, containers', async (t) => {
  await eventually('kubectl top pods', /^two\s/m);
  t.regex(
    await sh('kubectl top pods'),
    /^NAME\s+CPU\(cores\)\s+MEMORY\(bytes\)\s*\n(web-\S+\s+\d+m\s+\d+Mi\s*\n){0,2}two/,
  );
  t.regex(await sh('kubectl top pod two --no-headers'), /^two\s+\d+m\s+\d+Mi\s*\n$/);
  t.regex(
    await sh('kubectl top pods --containers -l name=two'),
    /^POD\s+NAME\s.*\ntwo\s+counting\s.*\ntwo\s+quiet\s.*\n$/,
  );
  t.regex(await sh('kubectl top pods -A --sort-by=memory'), /^NAMESPACE\s+NAME[\s\S]*operating\s+two/);
  t.regex(await sh('kubectl top pods --sum'), /\d+m\s+\d+Mi\s*\n$/);
  for (const sort of ['cpu', 'memory']) {
    t.regex(
      await sh(`kubectl top nodes --sort-by=${sort}`),
      /^NAME\s+CPU\(cores\).*\npeer-1\s+\d+m\s+\d+%\s+\d+Mi\s+\d+%/,
    );
  }
  t.regex(await fails('kubectl top pod nobody'), /NotFound/);
});

test.serial('metrics are got, described and printed as other kinds', async (t) => {
  const usage = '\\d+[num]?\\s+\\d+Ki\\s+\\d+(\\.\\d+)?s';
  t.regex(
    await eventually('kubectl get podmetrics', /^two\s/m),
    new RegExp(`^NAME\\s+CPU\\s+MEMORY\\s+WINDOW\\n[\\s\\S]*two\\s+${usage}\\n`),
  );
  t.regex(
    await sh('kubectl get nodemetrics peer-1'),
    new RegExp(`^NAME\\s+CPU\\s+MEMORY\\s+WINDOW\\npeer-1\\s+${usage}\\n$`),
  );
  t.is(await sh('kubectl get podmetrics two -o name'), 'podmetrics.metrics.k8s.io/two\n');
  t.regex(await sh('kubectl get podmetrics -A -l name=two'), /^NAMESPACE\s+NAME.*\noperating\s+two\s.*\n$/);
  t.regex(await sh('kubectl describe podmetrics two'), /Name:\s+two[\s\S]*Memory:\s+\d+Ki/);
  t.is(await value('pods.metrics.k8s.io two', '.kind'), 'PodMetrics');
});

test.serial('logs: of all pods, of what is selected, followed', async (t) => {
  const lines = async (options: string): Promise<string[]> =>
    (await sh(`kubectl logs ${options}`)).trim().split('\n').sort();
  const all = await lines('deployment/web --all-pods --prefix');
  t.is(all.length, 2);
  for (const line of all) t.regex(line, /^\[pod\/web-\w+-\w+\/main\] hello$/);
  t.deepEqual(await lines('-l app=web'), ['hello', 'hello']);
  t.regex(await fails('kubectl logs -f -l app=web --max-log-requests=1'), /maximum allowed concurrency is 1/);
  const follow = user.background('kubectl logs -f -l name=two --all-containers --prefix --tail=1');
  await follow.until(/\[pod\/two\/quiet\] word\n/);
  await follow.until(/(\[pod\/two\/counting\] \d+\n[\s\S]*){3}/);
  await follow.interrupt();
  const since = user.background('kubectl logs -f two -c counting --since=1s --timestamps');
  await since.until(/^\d{4}-\S+Z \d+\n[\s\S]*\n\d{4}-\S+Z \d+\n/);
  await since.interrupt();
  t.regex(
    await fails('kubectl logs two -c quiet --since=1s --since-time=2026-01-01T00:00:00Z'),
    /at most one of `sinceTime` or `sinceSeconds`/,
  );
});

test.serial('attach: to what is there', async (t) => {
  const attached = user.background('kubectl attach two -c counting 2>/dev/null');
  await attached.until(/^\d+\n\d+\n/m);
  await attached.interrupt();
  t.regex(await fails('kubectl attach two -c none'), /container none not found in pod two/);
});

test.serial('cp: files and folders, in and out', async (t) => {
  const folder = dirname(file('sent.txt', 'content'));
  const there = `/tmp/keelson-${process.pid}`;
  await sh(`mkdir -p ${folder}/tree/deep && echo leaf > ${folder}/tree/deep/leaf`);
  await sh(`kubectl cp ${folder}/sent.txt two:${there}.txt -c quiet`);
  t.is(await sh(`kubectl exec two -c quiet -- cat ${there}.txt`), 'content');
  await sh(
    `kubectl cp operating/two:${there}.txt ${folder}/back.txt -c quiet && cmp ${folder}/sent.txt ${folder}/back.txt`,
  );
  await sh(`kubectl cp ${folder}/tree two:${there} -c quiet && kubectl cp two:${there}/deep ${folder}/deep -c quiet`);
  t.is(await sh(`cat ${folder}/deep/leaf`), 'leaf\n');
  await sh(`kubectl exec two -c quiet -- rm -r ${there} ${there}.txt`);
  t.regex(await fails(`kubectl cp ${folder}/nothing two:/tmp`), /doesn't exist in local filesystem/);
});

test.serial('debug: a container beside the others runs, and is looked into', async (t) => {
  await sh("kubectl debug two --image=host -c aside --profile=general -- sh -c 'echo looking; exec sleep 1000'");
  await sh("kubectl wait pod/two --for=jsonpath='{.status.ephemeralContainerStatuses[0].state.running}'");
  await eventually('kubectl logs two -c aside', /^looking\n$/);
  t.is(await sh('kubectl exec two -c aside -- echo inside'), 'inside\n');
  t.regex(await sh('kubectl describe pod two'), /Ephemeral Containers:\n {2}aside:[\s\S]*State:\s+Running/);
  const said = await sh(
    `echo 'echo $((6*7)); exit' | kubectl debug node/peer-1 -i --image=host --profile=general -- sh 2>/dev/null`,
  );
  t.regex(said, /node-debugger-peer-1-\w+ .*\n(.*\n)*42\n/);
  const debuggers = "kubectl get pods --no-headers | awk '/^node-debugger/ {print $1}'";
  await sh(`kubectl delete pod $(${debuggers}) --now`);
});

test.serial('drain: as many as a budget lets go', async (t) => {
  const onNode = (): Promise<string> => names('pods -l app=web --field-selector=spec.nodeName=peer-1');
  const drain = 'kubectl drain peer-1 --force --pod-selector=app=web 2>&1';
  const refused = /Cannot evict pod as it would violate the pod's disruption budget\./;
  await sh('kubectl create pdb web --selector=app=web --min-available=2');
  await sh("kubectl wait pdb/web --for=jsonpath='{.status.currentHealthy}'=2");
  const before = await onNode();
  // It would try again every five seconds, for ever.
  const vain = user.background(drain);
  await vain.until(refused);
  await vain.interrupt();
  t.is(await onNode(), before);
  await sh(`kubectl patch pdb web -p '{"spec":{"minAvailable":1}}'`);
  await sh("kubectl wait pdb/web --for=jsonpath='{.status.disruptionsAllowed}'=1");
  // The node takes no pods now, so that one goes and the other must stay.
  const half = user.background(drain);
  await half.until(/^pod\/web-\S+ evicted$/m);
  await half.until(refused);
  await half.interrupt();
  const after = await onNode();
  t.regex(after, /^web-[^:]+:$/);
  t.true(before.includes(after));
  await sh('kubectl delete pdb web');
  t.regex(await sh(drain), /node\/peer-1 drained\n$/);
  t.is(await onNode(), '');
  await sh('kubectl uncordon peer-1 && kubectl rollout status deployment web');
});

test.serial('a node without a kubelet: its pods stay until they are forced', async (t) => {
  const node = { apiVersion: 'v1', kind: 'Node', metadata: { name: '127.0.0.1', annotations: { made: 'by hand' } } };
  await sh(`kubectl create -f ${file('node.json', node)}`);
  t.regex(await sh('kubectl get node 127.0.0.1'), /^127\.0\.0\.1\s+(Unknown|NotReady)\s+<none>/m);
  const spec = { nodeName: '127.0.0.1', containers: [{ name: 'main', image: IMAGE }] };
  await sh(
    `kubectl create -f ${file('stuck.json', pod('stuck', { spec: { terminationGracePeriodSeconds: 0, ...spec } }), pod('other', { spec }))}`,
  );
  await sh('kubectl delete pod other --wait=false');
  t.not(await template('pod other', '{{.metadata.deletionTimestamp}}'), '<no value>');
  t.is(await template('pod stuck', '{{.metadata.deletionTimestamp}}'), '<no value>');
  t.regex(
    await sh('kubectl drain 127.0.0.1 --force --pod-selector=name=stuck --skip-wait-for-delete-timeout=1 2>/dev/null'),
    /^evicting pod operating\/stuck$/m,
  );
  await sh('kubectl delete pod stuck other --force --ignore-not-found 2>/dev/null');
  t.is(await names('pods --field-selector=spec.nodeName=127.0.0.1'), '');
  await sh('kubectl delete node 127.0.0.1');
});

test.serial('proxy: what it lets through, files, a socket', async (t) => {
  const folder = dirname(file('page.html', '<p>hello</p>'));
  const proxy = user.background(
    `kubectl proxy --port=0 --www=${folder} --www-prefix=/files/ --accept-paths='^/api/v1/namespaces/.*' --reject-paths='.*/secrets.*' --reject-methods='^DELETE$'`,
  );
  const port = /127\.0\.0\.1:(\d+)/.exec(await proxy.until(/Starting to serve on .*\n/))![1];
  const code = (path: string, method = 'GET'): Promise<string> =>
    sh(`curl -s -o /dev/null -w '%{http_code}' -X ${method} http://127.0.0.1:${port}${path}`);
  t.is(await code('/api/v1/namespaces/operating'), '200');
  t.is(await code('/api/v1/namespaces/operating/secrets'), '403');
  t.is(await code('/api/v1/nodes'), '403');
  t.is(await code('/api/v1/namespaces/operating/configmaps/any', 'DELETE'), '403');
  t.is(await sh(`curl -s http://127.0.0.1:${port}/files/page.html`), '<p>hello</p>');
  await proxy.interrupt();
  const local = user.background(`kubectl proxy --unix-socket=${folder}/socket`);
  await local.until(/Starting to serve on /);
  t.regex(await sh(`curl -s --unix-socket ${folder}/socket http://localhost/version`), /"major": "1"/);
  await local.interrupt();
});

test.serial('events: of which kind, of what, in which form', async (t) => {
  t.regex(await sh('kubectl events --for=pod/two --types=Normal --no-headers'), /Normal\s+Started\s+Pod\/two/);
  t.is(await sh('kubectl events --for=pod/two --types=Warning 2>&1'), 'No events found in operating namespace.\n');
  t.regex(await sh('kubectl events --for=pod/two -o json'), /"kind": "EventList"/);
  t.regex(await fails('kubectl events --types=Loud'), /valid --types are Normal or Warning/);
  t.is(await sh('kubectl events --chunk-size=1 --no-headers | wc -l'), await sh('kubectl events --no-headers | wc -l'));
});
