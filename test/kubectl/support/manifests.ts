type Labels = Record<string, string>;

/** No node has it: what asks for it stays as it was made. */
export const IMAGE = 'registry.example/app';

const podSpec = (image: string, rest: object = {}): object => ({
  terminationGracePeriodSeconds: 1,
  containers: [{ name: 'main', image }],
  ...rest,
});

/** A pod that never runs, labelled `name: NAME`. */
export function pod(
  name: string,
  options: { labels?: Labels; image?: string; namespace?: string; spec?: object } = {},
) {
  const { labels = { name }, image = IMAGE, namespace, spec } = options;
  const metadata = { name, labels, ...(namespace === undefined ? {} : { namespace }) };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: podSpec(image, spec) };
}

/** A pod that runs on the node until it is deleted. */
export function runningPod(name: string, labels: Labels = { name }) {
  const containers = [{ name: 'main', image: 'host', command: ['sleep', '1000'] }];
  return pod(name, { labels, spec: { containers } });
}

/** A Deployment, ReplicaSet, DaemonSet or StatefulSet of pods that never run, labelled `app: NAME`. */
export function workload(kind: string, name: string, spec: object = { replicas: 0 }, image = IMAGE) {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: podSpec(image) };
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name, labels },
    spec: { selector: { matchLabels: labels }, template, ...spec },
  };
}

export function replicationController(name: string, replicas = 0) {
  const labels = { app: name };
  const containers = [{ name: 'main', image: IMAGE, ports: [{ containerPort: 80 }] }];
  const template = { metadata: { labels }, spec: podSpec(IMAGE, { containers }) };
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    metadata: { name, labels },
    spec: { replicas, selector: labels, template },
  };
}

export function service(name: string, spec: object = {}, labels: Labels = { app: name }) {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, labels }, spec: { ports: [{ port: 80 }], ...spec } };
}

export function configMap(name: string, data: Labels = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data };
}

/** A definition of a kind without a schema, `KIND.GROUP/v1`. */
export function definition(kind: string, group: string, names: object = {}, scope = 'Namespaced') {
  const plural = `${kind.toLowerCase()}s`;
  const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope,
      names: { plural, kind, ...names },
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
}
