import { environmentFor } from '../e2e/support/user.ts';
import { configMap, pod } from '../kubectl/support/manifests.ts';
import { makeCertificateRequest } from '../support/certificate-request.ts';
import type { RealCluster } from '../support/cluster.ts';
import { run } from '../support/kubectl.ts';
import { outcomeOf } from './kinds.ts';
import type { Outcome } from './verbs.ts';

/** A command, a line of shell that uses it (run in order), and what it must print. */
type Command = readonly [command: string, line: string, prints: RegExp];

/** Answers on port 8080 of its address, writes a line a second, and takes what is needed from its environment. */
const program = `require('http').createServer((_, answer) => answer.end('served')).listen(8080, process.env.POD_IP);
setInterval(() => console.log('alive'), 200)`;

const web = pod('web', {
  spec: {
    containers: [
      {
        name: 'main',
        image: 'host',
        command: [process.execPath, '-e', program],
        env: [{ name: 'POD_IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } }],
        readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
      },
    ],
  },
});

/** Starts a server in the background, reads on which port it is, and asks it. */
const served = (command: string, path: string): string =>
  `exec 3< <(exec kubectl ${command}); read -r line <&3; port=$(grep -o '127.0.0.1:[0-9]*' <<< "$line"); curl -sS "http://$port${path}"; kill $!`;

const patiently = (line: string): string => `timeout 60 bash -c 'until ${line} 2>/dev/null; do sleep 0.2; done'`;

export const commands: readonly Command[] = [
  ['create', 'kubectl create -f "$DIR/web.json"', /^pod\/web created/],
  ['wait', 'kubectl wait pod/web --for=condition=Ready --timeout=60s', /condition met/],
  ['create clusterrole', 'kubectl create clusterrole cr --verb=get --resource=pods', /created/],
  ['create clusterrolebinding', 'kubectl create clusterrolebinding crb --clusterrole=cr --user=jane', /created/],
  ['create configmap', 'kubectl create configmap cm --from-literal=a=b', /created/],
  ['create cronjob', "kubectl create cronjob cj --image=host --schedule='0 0 1 1 *' -- true", /created/],
  ['create deployment', 'kubectl create deployment deploy --image=host -- sleep 1000', /created/],
  ['create ingress', 'kubectl create ingress ing --rule=example.com/=svc:80', /created/],
  ['create job', 'kubectl create job j --image=host -- true', /created/],
  ['create namespace', 'kubectl create namespace other', /created/],
  ['create poddisruptionbudget', 'kubectl create pdb pdb --selector=a=b --min-available=1', /created/],
  ['create priorityclass', 'kubectl create priorityclass pc --value=7', /created/],
  ['create quota', 'kubectl create quota q --hard=pods=100', /created/],
  ['create role', 'kubectl create role r --verb=get --resource=pods', /created/],
  ['create rolebinding', 'kubectl create rolebinding rb --role=r --user=jane', /created/],
  [
    'create secret docker-registry',
    'kubectl create secret docker-registry sd --docker-username=a --docker-password=b',
    /created/,
  ],
  ['create secret generic', 'kubectl create secret generic sg --from-literal=a=b', /created/],
  [
    'create secret tls',
    'kubectl create secret tls st --cert="$HOME/pki/client.crt" --key="$HOME/pki/client.key"',
    /created/,
  ],
  ['create service clusterip', 'kubectl create service clusterip sc --tcp=80', /created/],
  ['create service externalname', 'kubectl create service externalname se --external-name=example.com', /created/],
  ['create service loadbalancer', 'kubectl create service loadbalancer sl --tcp=80', /created/],
  ['create service nodeport', 'kubectl create service nodeport sn --tcp=80', /created/],
  ['create serviceaccount', 'kubectl create serviceaccount sa', /created/],
  ['create token', 'kubectl create token sa', /^ey\S+\.\S+\.\S+/],
  ['expose', 'kubectl expose pod web --port=80 --target-port=8080', /exposed/],
  ['run', 'kubectl run ran --image=host --restart=Never --attach --rm -- echo from within', /from within/],
  ['set env', 'kubectl set env deployment/deploy A=B', /env updated/],
  ['set image', 'kubectl set image cronjob/cj cj=other', /image updated/],
  ['set resources', 'kubectl set resources deployment/deploy --requests=cpu=1m', /resource requirements updated/],
  ['set selector', 'kubectl set selector service/sc a=b', /selector updated/],
  ['set serviceaccount', 'kubectl set serviceaccount deployment/deploy sa', /serviceaccount updated/],
  ['set subject', 'kubectl set subject rolebinding/rb --user=joe', /subjects updated/],
  ['explain', 'kubectl explain pod.spec.containers --recursive', /FIELD: containers/],
  ['get', 'kubectl get all -o wide', /pod\/web\s+1\/1\s+Running/],
  ['edit', "EDITOR='sed -i s/a:\\ b/a:\\ c/' kubectl edit cm cm", /edited/],
  ['delete', 'kubectl delete secret sg', /deleted/],
  ['rollout status', 'kubectl rollout status deployment/deploy', /successfully rolled out/],
  ['rollout history', 'kubectl rollout history deployment/deploy', /REVISION/],
  ['rollout restart', 'kubectl rollout restart deployment/deploy', /restarted/],
  ['rollout undo', 'kubectl rollout undo deployment/deploy', /rolled back/],
  ['rollout pause', 'kubectl rollout pause deployment/deploy', /paused/],
  ['rollout resume', 'kubectl rollout resume deployment/deploy', /resumed/],
  ['scale', 'kubectl scale deployment/deploy --replicas=2', /scaled/],
  ['autoscale', 'kubectl autoscale deployment deploy --max=3', /autoscaled/],
  ['certificate approve', 'kubectl create -f "$DIR/csr.json" && kubectl certificate approve csr', /approved/],
  [
    'certificate deny',
    'kubectl delete csr csr && kubectl create -f "$DIR/csr.json" && kubectl certificate deny csr',
    /denied/,
  ],
  ['cluster-info', 'kubectl cluster-info', /control plane.* is running at/],
  ['cluster-info dump', 'kubectl cluster-info dump', /"kind": "NodeList"/],
  ['top node', patiently('kubectl top node'), /CPU\(cores\)[\s\S]*peer-1/],
  ['top pod', patiently('kubectl top pod web'), /CPU\(cores\)[\s\S]*web/],
  ['cordon', 'kubectl cordon peer-1', /cordoned/],
  ['uncordon', 'kubectl uncordon peer-1', /uncordoned/],
  ['drain', 'kubectl drain peer-1 --pod-selector=app=deploy && kubectl uncordon peer-1', /evicted[\s\S]*drained/],
  [
    'taint',
    'kubectl taint node peer-1 a=b:PreferNoSchedule && kubectl taint node peer-1 a-',
    /tainted[\s\S]*untainted/,
  ],
  ['describe', 'kubectl describe pod web', /^Events:/m],
  ['logs', 'kubectl logs web --tail=1', /^alive\n$/],
  ['attach', 'timeout 20 kubectl attach web 2>/dev/null | head -1 || true', /alive/],
  ['exec', 'kubectl exec web -- echo within', /^within\n$/],
  ['port-forward', served('port-forward pod/web :8080', '/'), /^served$/],
  ['proxy', served('proxy --port=0', '/api/v1/namespaces/default'), /"kind": "Namespace"/],
  [
    'cp',
    'kubectl cp "$DIR/web.json" web:"$DIR/copies/web.json" && cmp "$DIR/web.json" "$DIR/copies/web.json" && echo same',
    /same/,
  ],
  ['auth can-i', 'kubectl auth can-i --list', /\*\.\*/],
  ['auth reconcile', 'kubectl auth reconcile -f "$DIR/role.json"', /reconciled/],
  ['auth whoami', 'kubectl auth whoami', /system:masters/],
  [
    'debug',
    'kubectl debug web --image=host --attach=false -c look -- sleep 1 2>&1 && kubectl get pod web -o yaml',
    /ephemeralContainers:/,
  ],
  ['events', 'kubectl events --for=pod/web', /Started/],
  ['diff', 'kubectl diff -f "$DIR/applied.json" || test $? = 1', /^\+data:/m],
  ['apply', 'kubectl apply -f "$DIR/applied.json"', /configured|created/],
  ['apply edit-last-applied', "EDITOR='sed -i s/value/other/' kubectl apply edit-last-applied cm applied", /edited/],
  ['apply set-last-applied', 'kubectl apply set-last-applied -f "$DIR/applied.json"', /configured/],
  ['apply view-last-applied', 'kubectl apply view-last-applied cm applied', /key: value/],
  ['patch', `kubectl patch cm cm -p '{"data":{"a":"d"}}'`, /patched/],
  ['replace', 'kubectl get cm cm -o json | kubectl replace -f -', /replaced/],
  ['label', 'kubectl label cm cm a=b', /labeled/],
  ['annotate', 'kubectl annotate cm cm a=b', /annotated/],
  ['api-resources', 'kubectl api-resources', /^deployments\s+deploy\s+apps\/v1\s+true\s+Deployment$/m],
  ['api-versions', 'kubectl api-versions', /^apps\/v1$/m],
  ['version', 'kubectl version', /^Server Version: v1\.35\./m],
];

/** What each command came to. */
export async function tryCommands(cluster: RealCluster): Promise<Map<string, Outcome>> {
  const env = { ...environmentFor(cluster), DIR: cluster.dataDir };
  const shell = async (line: string, input?: string): Promise<string> => {
    const { code, stdout, stderr } = await run('bash', ['-c', line], {
      env,
      timeoutMs: 90_000,
      ...(input ? { input } : {}),
    });
    if (code !== 0) throw new Error((stderr || stdout).trim().split('\n')[0] || `it ended with ${code}`);
    return stdout + stderr;
  };
  await prepare(shell);
  const outcomes = new Map<string, Outcome>();
  for (const [command, line, prints] of commands) {
    const outcome = await outcomeOf(async () => {
      const output = await shell(line);
      if (!prints.test(output)) throw new Error(`it printed ${JSON.stringify(output.slice(0, 200))}`);
    });
    outcomes.set(command, outcome);
  }
  return outcomes;
}

async function prepare(shell: (line: string, input?: string) => Promise<string>): Promise<void> {
  const { request } = await makeCertificateRequest({ commonName: 'jane' });
  const rbac = {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'Role',
    metadata: { name: 'reconciled', namespace: 'commands' },
  };
  const files: Record<string, object> = {
    web,
    role: { ...rbac, rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] },
    applied: configMap('applied', { key: 'value' }),
    csr: {
      apiVersion: 'certificates.k8s.io/v1',
      kind: 'CertificateSigningRequest',
      metadata: { name: 'csr' },
      spec: { request, signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] },
    },
  };
  for (const [name, object] of Object.entries(files)) await shell(`cat > "$DIR/${name}.json"`, JSON.stringify(object));
  // Where containers run as another user, that one makes the copy.
  await shell('chmod 755 "$DIR" && mkdir -m 777 "$DIR/copies"');
  await shell('kubectl create namespace commands && kubectl config set-context --current --namespace=commands');
}
