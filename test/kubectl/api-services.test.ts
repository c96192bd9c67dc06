import test from 'ava';
import { definition } from './support/manifests.ts';
import { scenario } from './support/scenario.ts';

const { sh, fails, file, names, value } = scenario(test);

test.serial('group versions that are served', async (t) => {
  await sh('kubectl wait --for=create apiservice/v1beta1.metrics.k8s.io --timeout=30s');
  await sh('kubectl wait --for=condition=Available apiservice/v1. apiservice/v1.apps --timeout=30s');
  const table = await sh('kubectl get apiservices');
  t.regex(table, /^NAME +SERVICE +AVAILABLE +AGE\n/);
  t.regex(table, /\nv1\.apps +Local +True +\d+s\n/);
  t.is(await value('apiservice v2.autoscaling', '.spec.groupPriorityMinimum} {.spec.versionPriority'), '17500 30');
  t.regex(
    await sh('kubectl get apiservices -l kube-aggregator.kubernetes.io/automanaged=onstart -o name'),
    /\/v1\.batch\n/,
  );
  const described = await sh('kubectl describe apiservice v1.apps');
  t.regex(described, /Reason: +Local\n +Status: +True\n +Type: +Available/);
  t.regex(
    await sh('kubectl api-resources --api-group=apiregistration.k8s.io'),
    /apiservices +apiregistration.k8s.io\/v1 +false +APIService/,
  );
  t.regex(
    await sh('kubectl explain apiservice.spec'),
    /GROUP: +apiregistration.k8s.io\nKIND: +APIService\nVERSION: +v1/,
  );
  t.is(await sh('kubectl auth can-i list apiservices --as=jane || true'), 'no\n');
});

test.serial('those of custom resources', async (t) => {
  const kinds = file('kinds.json', definition('Foo', 'company.com'));
  await sh(`kubectl create -f ${kinds}`);
  await sh('kubectl wait --for=create apiservice/v1.company.com --timeout=30s');
  t.is(
    await value('apiservice v1.company.com', '.metadata.labels.kube-aggregator\\.kubernetes\\.io/automanaged'),
    'true',
  );
  await sh('kubectl wait --for=condition=Available apiservice v1.company.com');
  await sh(`kubectl delete -f ${kinds}`);
  await sh('kubectl wait --for=delete apiservice/v1.company.com --timeout=30s');
  t.false((await names('apiservices')).includes('company'));
});

test.serial('one that a person makes, for a server that requests are not passed on to', async (t) => {
  const spec = { group: 'extension.io', version: 'v1alpha1', groupPriorityMinimum: 2000, versionPriority: 10 };
  const object = {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: 'v1alpha1.extension.io' },
    spec: { ...spec, service: { namespace: 'default', name: 'extension' }, insecureSkipTLSVerify: true },
  };
  const path = file('extension.json', object);
  await sh(`kubectl apply -f ${path} && kubectl apply -f ${path}`);
  t.regex(
    await sh('kubectl get apiservices v1alpha1.extension.io'),
    /\nv1alpha1\.extension\.io +default\/extension +False \(AggregationNotSupported\) +\d+s\n/,
  );
  // Nobody else's resources suffer.
  await sh('kubectl api-resources');
  t.regex(await fails('kubectl get --raw /apis/extension.io/v1alpha1'), /NotFound/);
  await sh(`kubectl delete -f ${path}`);
  const wrong = file('wrong.json', { ...object, metadata: { name: 'wrong' } });
  t.regex(
    await fails(`kubectl create -f ${wrong}`),
    /The APIService "wrong" is invalid: metadata\.name: Invalid value: "wrong"/,
  );
});
