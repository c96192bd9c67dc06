import test from 'ava';
import { configMap, IMAGE, pod, runningPod, workload } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { user, sh, fails, file, names, value, template, enterNamespace } = scenario(test);

test.serial.before(() => enterNamespace('running'));

test.serial('events', async (t) => {
  const event = {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: { name: 'told', namespace: 'running' },
    involvedObject: { apiVersion: 'batch/v1', kind: 'CronJob', name: 'pi', namespace: 'running' },
    reason: 'InvalidSchedule',
    message: 'no such day',
    type: 'Warning',
    source: { component: 'tester' },
    firstTimestamp: '2026-01-01T00:00:00Z',
    lastTimestamp: '2026-01-01T00:00:00Z',
    count: 3,
  };
  await sh("kubectl create cronjob pi --schedule='0 0 31 2 *' --image=perl");
  await sh(`kubectl create -f ${file('event.json', event)}`);
  const told = /Warning\s+InvalidSchedule\s+CronJob\/pi\s+no such day/;
  for (const options of ['-A', '', '--for=CronJob/pi', '--for=cronjob.batch/pi --types=Warning', '--no-headers']) {
    t.regex(await sh(`kubectl events ${options}`), told, options);
  }
  t.notRegex(await sh('kubectl events --for=cronjob/pi --no-headers'), /LAST SEEN/);
  t.notRegex(await sh('kubectl events --for=cronjob/pi --types=Normal 2>&1'), /InvalidSchedule/);
  t.regex(await sh('kubectl events --for=cronjob/pi -o json'), /"reason": "InvalidSchedule"/);
  const watch = user.background('kubectl events --for=cronjob/pi --watch');
  await watch.until(told);
  await watch.interrupt();
  t.regex(await sh('kubectl get events'), /^LAST SEEN\s+TYPE\s+REASON\s+OBJECT\s+MESSAGE\n[\s\S]*cronjob\/pi/);
  t.is(await value('events.events.k8s.io told', '.note'), 'no such day');
  t.regex(
    await sh('kubectl get events --field-selector involvedObject.kind=CronJob,type=Warning -o name'),
    /^event\/told\n$/,
  );
});

test.serial('exec', async (t) => {
  t.regex(await fails('kubectl exec abc -- date'), /pods "abc" not found/);
  t.regex(await fails('kubectl exec nothing/abc -- date'), /doesn't have a resource type "nothing"/);
  t.regex(await fails('kubectl exec deployments/abc -- date'), /deployments\.apps "abc" not found/);
  t.regex(await fails(`kubectl exec -f ${file('two.json', pod('a'), pod('b'))} -- date`), /multiple objects/);
  await sh(`kubectl create -f ${file('up.json', runningPod('up'), configMap('cm'), pod('down'))}`);
  t.regex(await fails('kubectl exec configmap/cm -- date'), /not implemented/);
  t.regex(await fails('kubectl exec down -- date'), /container "main" in pod "down" is waiting to start \(/);
  await sh('kubectl wait pod/up --for=condition=Ready');
  t.is(await sh('kubectl exec up -- echo hello'), 'hello\n');
  t.is(await sh('echo hello | kubectl exec -i pod/up -- cat'), 'hello\n');
  t.is(await sh("kubectl exec up -- sh -c 'exit 7' 2>/dev/null || echo $?"), '7\n');
  await sh('kubectl delete pods up down --now');
});

const target = async (options: string): Promise<void> => {
  await sh(`kubectl run target --image=${IMAGE}`);
  await sh(`kubectl debug target ${options} 2>/dev/null`);
};
const gone = () => sh('kubectl delete pods --all --now');

test.serial('debug: containers beside those of a pod', async (t) => {
  for (const profile of ['legacy', 'general', 'baseline', 'restricted', 'netadmin', 'sysadmin']) {
    await target(`-it --image=busybox --attach=false -c debugger --profile=${profile}`);
    t.is(
      await template('pod target', '{{range .spec.ephemeralContainers}}{{.name}}:{{.image}}{{end}}'),
      'debugger:busybox',
    );
    await gone();
  }
});

test.serial('debug: a copy of a pod', async (t) => {
  const containers = () => value('pod copy', '.spec.containers[*].name');
  await target('-it --copy-to=copy --image=busybox --container=debugger --attach=false --profile=general');
  t.is(await containers(), 'target debugger');
  t.is(await value('pod copy', '.spec.shareProcessNamespace'), 'true');
  t.is(await value('pod copy', '.spec.containers[1].securityContext.capabilities.add[0]'), 'SYS_PTRACE');
  await gone();
  await target('-it --copy-to=copy --image=busybox --container=debugger --attach=false --replace');
  t.is(await names('pods'), 'copy:');
  await gone();
  await target('--image=busybox --container=target --copy-to=copy -- sleep 1m');
  t.is(`${await containers()} ${await value('pod copy', '.spec.containers[0].image')}`, 'target busybox');
  await sh('kubectl delete pod copy --now');
  const live = file('live.yaml', await sh('kubectl get pod target -o yaml'));
  await sh(`kubectl debug -f ${live} --image=busybox --container=target --copy-to=copy -- sleep 1m`);
  t.is(await containers(), 'target');
  await gone();
});

test.serial('debug: a node', async (t) => {
  const said = await sh('kubectl debug node/peer-1 --image=busybox --attach=false --profile=general -- true 2>&1');
  const name = /node-debugger-peer-1-\w+/.exec(said)![0];
  t.is(
    await template(
      `pod ${name}`,
      '{{.spec.nodeName}} {{.spec.hostPID}} {{.spec.hostNetwork}} {{.spec.hostIPC}} {{(index .spec.volumes 0).hostPath.path}}',
    ),
    'peer-1 true true true /',
  );
  await gone();
});

test.serial('debug: in a namespace that is restricted', async (t) => {
  await sh('kubectl create ns tight && kubectl label ns tight pod-security.kubernetes.io/enforce=restricted');
  const securityContext = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };
  const spec = {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [{ name: 'main', image: IMAGE, securityContext }],
  };
  await sh(`kubectl create -n tight -f ${file('tight.json', pod('target', { spec }))}`);
  await sh('kubectl debug -n tight target -it --image=busybox --attach=false -c debugger --profile=restricted');
  t.is(await value('pod target -n tight', '.spec.ephemeralContainers[0].name'), 'debugger');
  t.regex(
    await fails('kubectl debug -n tight target -it --image=busybox --attach=false --profile=sysadmin'),
    /violates PodSecurity "restricted:latest"/,
  );
});

test.serial('diff', async (t) => {
  const made = workload('Deployment', 'differs');
  const path = file('differs.json', made);
  const changed = file('changed.json', workload('Deployment', 'differs', { replicas: 0 }, 'other/image'));
  const diff = (options: string): Promise<string> => sh(`kubectl diff ${options}; test $? = 1`);
  t.regex(await diff(`-f ${path}`), /^\+ {2}name: differs$/m);
  t.regex(await diff(`--server-side -f ${path}`), /^\+ {2}name: differs$/m);
  t.is(await names('deployments'), '');
  await sh(`kubectl apply -f ${path}`);
  t.is(await sh(`kubectl diff -f ${path}`), '');
  t.regex(await diff(`-f ${changed}`), /^\+.*image: other\/image$/m);
  t.regex(await diff(`--server-side --force-conflicts -f ${changed}`), /image: other\/image$/m);
  await sh(`kubectl diff -f ${file('broken.json', { ...made, spec: {} })} 2>/dev/null; test $? -gt 1`);
  t.is(await value('deployment differs', '.metadata.generation'), '1');
  const same = [pod('same'), workload('Deployment', 'same'), configMap('same')];
  t.regex(
    await sh(`KUBECTL_EXTERNAL_DIFF=find kubectl diff -f ${file('same.json', ...same)}`),
    /apps\.v1\.Deployment\.running\.same[\s\S]*v1\.ConfigMap\.running\.same/,
  );
});

test.serial('kuberc: aliases and defaults', async (t) => {
  const option = (name: string, value: string) => ({ name, default: value });
  const kuberc = file('kuberc', {
    apiVersion: 'kubectl.config.k8s.io/v1beta1',
    kind: 'Preference',
    aliases: [
      { name: 'crns', command: 'create namespace', appendArgs: ['preferred'] },
      {
        name: 'runx',
        command: 'run',
        options: [option('image', 'nginx'), option('namespace', 'preferred')],
        appendArgs: ['made', '--', 'argument'],
      },
    ],
    defaults: [
      { command: 'apply', options: [option('server-side', 'true'), option('dry-run', 'server')] },
      { command: 'delete', options: [option('interactive', 'true')] },
      { command: 'get', options: [option('namespace', 'preferred'), option('output', 'json')] },
    ],
  });
  const kubectl = (line: string): Promise<string> => sh(`kubectl ${line} --kuberc=${kuberc}`);
  t.is(await kubectl('crns'), 'namespace/preferred created\n');
  await kubectl('runx');
  t.regex(await kubectl('get pod made'), /"args": \[\s+"argument"\s+\][\s\S]*"image": "nginx"/);
  t.is(
    await kubectl(`apply -n preferred -f ${file('cm.json', configMap('tried'))}`),
    'configmap/tried serverside-applied (server dry run)\n',
  );
  await sh(`echo n | kubectl delete pod/made -n preferred --kuberc=${kuberc}`);
  t.is(await names('pods -n preferred'), 'made:');
});
