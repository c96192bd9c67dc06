import test from 'ava';
import { pod } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { sh, file, enterNamespace } = scenario(test);

const valid = file('valid.json', pod('valid'));

test.serial.before(async () => {
  await enterNamespace('templates');
  await sh(`kubectl create -f ${valid} && kubectl create deployment deploy --image=nginx --replicas=0`);
});

/** Of each command: what it is about. */
const commands: [name: string, line: string][] = [
  ['valid', `patch --dry-run=client pod/valid -p '{"metadata":{"labels":{"a":"b"}}}'`],
  ['valid', 'label --dry-run=client pod/valid a=b'],
  ['valid', 'annotate --dry-run=client pod/valid a=b'],
  ['valid', `apply --dry-run=client -f ${valid}`],
  ['valid', `create --dry-run=client -f ${valid}`],
  ['valid', 'set env pod/valid --dry-run=client A=B'],
  ['valid', 'set image pod/valid --dry-run=client main=nginx'],
  ['valid', 'set resources pod/valid --dry-run=client --limits=memory=256Mi'],
  ['valid', 'set serviceaccount pod/valid --dry-run=client robot'],
  ['valid', `apply set-last-applied -f ${valid} --dry-run=client --create-annotation`],
  ['deploy', 'autoscale --dry-run=client deployment/deploy --max=2'],
  ['deploy', 'expose --dry-run=client deployment/deploy --port=80'],
  ['deploy', 'rollout pause deployment/deploy'],
  ['deploy', 'rollout history deployment/deploy'],
  ['deploy', 'rollout resume deployment/deploy'],
  ['deploy', 'scale --dry-run=client deployment/deploy --replicas=2'],
  ['peer-1', 'taint --dry-run=client node peer-1 dedicated=foo:PreferNoSchedule'],
  ['new', 'run --dry-run=client new --image=perl --restart=OnFailure'],
  ['new', 'create --dry-run=server clusterrole new --verb=get --resource=pods'],
  ['new', 'create --dry-run=server clusterrolebinding new --clusterrole=view'],
  ['new', 'create --dry-run=server configmap new'],
  ['new', "create --dry-run=server cronjob new --image=perl --schedule='* * * * *'"],
  ['new', 'create --dry-run=server deployment new --image=nginx'],
  ['new', 'create --dry-run=server ingress new --rule=example.com/=svc:80'],
  ['new', 'create --dry-run=server job new --image=nginx'],
  ['new', 'create --dry-run=server namespace new'],
  ['new', 'create --dry-run=server poddisruptionbudget new --selector=a=b --min-available=1'],
  ['new', 'create --dry-run=server priorityclass new --value=1'],
  ['new', 'create --dry-run=server quota new'],
  ['new', 'create --dry-run=server role new --verb=get --resource=pods'],
  ['new', 'create --dry-run=server rolebinding new --clusterrole=view'],
  ['new', 'create --dry-run=server secret generic new --from-literal=a=b'],
  ['new', 'create --dry-run=server secret docker-registry new --docker-username=u --docker-password=p'],
  ['new', 'create --dry-run=server service clusterip new --tcp=80'],
  ['new', 'create --dry-run=server service externalname new --external-name=example.com'],
  ['new', 'create --dry-run=server service loadbalancer new --tcp=80'],
  ['new', 'create --dry-run=server service nodeport new --tcp=80'],
  ['new', 'create --dry-run=server serviceaccount new'],
];
for (const [name, line] of commands) {
  test.serial(line.replaceAll(valid, 'FILE'), async (t) => {
    t.is(await sh(`kubectl ${line} --template='{{.metadata.name}}:'`), `${name}:`);
  });
}

test.serial('an output of another kind comes before a template', async (t) => {
  t.regex(await sh("kubectl create cm x --dry-run=client --template='{{.kind}}' -o yaml"), /^kind: ConfigMap$/m);
  t.is(await sh("kubectl config view --template='{{.kind}}:'"), 'Config:');
});
