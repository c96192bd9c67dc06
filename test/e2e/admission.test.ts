import test from 'ava';
import { clusterUser } from './support/user.ts';

/** What a cluster lets in, changes and refuses by itself, as a user meets it. */
const user = clusterUser(test);

test.serial.before(() => user.enterNamespace('limits'));

const pod = (name: string, rest = '') => `
apiVersion: v1
kind: Pod
metadata: { name: ${name} }
spec:
  terminationGracePeriodSeconds: 0
  containers: [{ name: main, image: host, command: [sleep, "1000"]${rest} }]
`;

test.serial('a quota is counted, used up, and free again', async (t) => {
  await user.sh('kubectl create quota few --hard=pods=2,requests.cpu=1,count/configmaps=10');
  await user.sh(`kubectl wait --for=jsonpath='{.status.used.pods}'=0 quota/few`);
  const cpu = ', resources: { requests: { cpu: 400m } }';
  await user.sh('kubectl apply -f -', `${pod('a', cpu)}---${pod('b', cpu)}`);
  t.is(
    await user.fails('kubectl apply -f -', pod('c', cpu)),
    'Error from server (Forbidden): error when creating "STDIN": pods "c" is forbidden: exceeded quota: few, requested: pods=1,requests.cpu=400m, used: pods=2,requests.cpu=800m, limited: pods=2,requests.cpu=1',
  );
  t.regex(
    await user.fails('kubectl apply -f -', pod('d')),
    /pods "d" is forbidden: failed quota: few: must specify requests\.cpu for: main$/,
  );
  t.regex(await user.sh('kubectl describe quota few'), /requests\.cpu +800m +1\n/);
  await user.sh('kubectl delete pod a --now');
  await user.sh(`kubectl wait --for=jsonpath='{.status.used.pods}'=1 quota/few`);
  await user.sh('kubectl apply -f -', pod('c', cpu));
  await user.sh('kubectl delete pod --all --now && kubectl delete quota few');
});

test.serial('a LimitRange fills in and refuses', async (t) => {
  const range = `
apiVersion: v1
kind: LimitRange
metadata: { name: usual }
spec: { limits: [{ type: Container, defaultRequest: { cpu: 50m }, default: { cpu: 100m }, max: { cpu: 200m } }] }
`;
  await user.sh('kubectl apply -f -', range);
  await user.sh('kubectl apply -f -', pod('a'));
  const resources = await user.sh("kubectl get pod a -o jsonpath='{.spec.containers[0].resources}'");
  t.deepEqual(JSON.parse(resources), { limits: { cpu: '100m' }, requests: { cpu: '50m' } });
  t.regex(
    await user.fails('kubectl apply -f -', pod('b', ', resources: { limits: { cpu: 1 } }')),
    /pods "b" is forbidden: maximum cpu usage per Container is 200m, but limit is 1$/,
  );
  await user.sh('kubectl delete pod a --now && kubectl delete limitrange usual');
});

test.serial('a namespace holds its pods to a Pod Security Standard', async (t) => {
  await user.sh('kubectl create namespace held');
  await user.sh('kubectl label namespace held pod-security.kubernetes.io/enforce=restricted');
  await user.sh('kubectl wait --for=create serviceaccount/default -n held');
  const refused = await user.fails('kubectl apply -n held -f -', pod('a'));
  t.regex(
    refused,
    /pods "a" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false \(container "main" must set securityContext\.allowPrivilegeEscalation=false\), unrestricted capabilities \(.*\), runAsNonRoot != true \(.*\), seccompProfile \(.*\)$/,
  );
  const warned = await user.sh('kubectl create deployment web -n held --image=host --replicas=0 2>&1');
  t.regex(warned, /^Warning: would violate PodSecurity "restricted:latest": /);
  t.regex(warned, /deployment\.apps\/web created\n$/);
});

test.serial('a claim is held while a pod uses it', async (t) => {
  const claim = `
apiVersion: v1
kind: PersistentVolumeClaim
metadata: { name: data }
spec: { accessModes: [ReadWriteOnce], resources: { requests: { storage: 1Gi } } }
`;
  const using = pod('user').replace(
    'spec:\n',
    'spec:\n  volumes: [{ name: data, persistentVolumeClaim: { claimName: data } }]\n',
  );
  await user.sh('kubectl apply -f -', `${claim}---${using}`);
  await user.sh('kubectl delete pvc data --wait=false');
  t.is(await user.sh("kubectl get pvc data -o jsonpath='{.metadata.finalizers}'"), '["kubernetes.io/pvc-protection"]');
  await user.sh('kubectl delete pod user --now && kubectl wait --for=delete pvc/data');
});

test.serial('the first nodes are ready for pods', async (t) => {
  t.is(await user.sh("kubectl get nodes -o jsonpath='{.items[*].spec.taints}'"), '');
});

const registration = 'admissionregistration.k8s.io/v1';

test.serial('a policy lets nobody begin a shell, whatever else they may do', async (t) => {
  await user.sh(
    'kubectl apply -f -',
    `
apiVersion: ${registration}
kind: ValidatingAdmissionPolicy
metadata: { name: no-shells }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [""], apiVersions: [v1], operations: [CONNECT], resources: [pods/exec] }]
  validations:
    - { expression: "object.command[0] != 'sh'", message: no shells here, reason: Forbidden }
---
apiVersion: ${registration}
kind: ValidatingAdmissionPolicyBinding
metadata: { name: no-shells }
spec: { policyName: no-shells, validationActions: [Deny] }
`,
  );
  await user.sh('kubectl apply -f -', pod('shelled'));
  await user.sh('kubectl wait --for=condition=Ready pod/shelled');
  const refusal = `Error from server (Forbidden): pods "shelled" is forbidden: ValidatingAdmissionPolicy 'no-shells' with binding 'no-shells' denied request: no shells here`;
  t.is(await user.fails('kubectl exec shelled -- sh -c true'), refusal);
  t.is(await user.sh('kubectl exec shelled -- echo fine'), 'fine\n');
  await user.sh(
    'kubectl delete pod/shelled --now && kubectl delete validatingadmissionpolicy,validatingadmissionpolicybinding --all',
  );
});

test.serial('what does not fit the kinds that a policy names stands in its status', async (t) => {
  await user.sh(
    'kubectl apply -f -',
    `
apiVersion: ${registration}
kind: ValidatingAdmissionPolicy
metadata: { name: misspelled }
spec:
  matchConstraints:
    resourceRules: [{ apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments] }]
  validations: [{ expression: object.replicas > 1 }]
`,
  );
  await user.sh(`kubectl wait --for=jsonpath='{.status.observedGeneration}'=1 validatingadmissionpolicy/misspelled`);
  const warning = await user.sh(
    "kubectl get validatingadmissionpolicy misspelled -o jsonpath='{.status.typeChecking.expressionWarnings[0].warning}'",
  );
  t.is(
    warning,
    "apps/v1, Kind=Deployment: ERROR: <input>:1:7: undefined field 'replicas'\n | object.replicas > 1\n | ......^\n",
  );
  await user.sh('kubectl delete validatingadmissionpolicy misspelled');
});

test.serial('a definition whose rules may cost too much is refused', async (t) => {
  const definition = (limits: string) => `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: { name: costs.example.com }
spec:
  group: example.com
  scope: Namespaced
  names: { plural: costs, kind: Cost }
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            list:
              type: array
              items: { type: string${limits} }${limits && '\n              maxItems: 10'}
              x-kubernetes-validations: [{ rule: 'self.all(x, self.all(y, x != y))' }]
`;
  t.regex(
    await user.fails('kubectl apply -f -', definition('')),
    /spec\.validation\.openAPIV3Schema\.properties\[list\]\.x-kubernetes-validations\[0\]\.rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x \(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared\)/,
  );
  await user.sh('kubectl apply -f -', definition(', maxLength: 10'));
  await user.sh('kubectl delete crd costs.example.com');
});
