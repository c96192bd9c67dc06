import { isPlainObject, type PlainObject, setOwn } from '../plain.ts';
import { completePodResources } from './pod-resources.ts';
import { addMissing, constants, fill, isUnset, objectIn, objectsIn, type Rule } from './rule.ts';

const defaultMode = constants({ defaultMode: 0o644 });

const container: Rule = (object) =>
  fill(object, {
    imagePullPolicy: pullPolicyOf(object['image']),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
  });

/** Rules of the core group. */
export const coreRules: Readonly<Record<string, Rule>> = {
  'v1/Pod': (pod) => {
    const spec = objectIn(pod, 'spec');
    for (const list of ['containers', 'initContainers']) {
      for (const object of objectsIn(spec, list)) {
        requestLimits(object);
        if (spec['hostNetwork'] === true) exposePorts(object);
      }
    }
    completePodResources(spec);
    fill(spec, { enableServiceLinks: true });
  },
  'v1/PodSpec': (spec) => {
    fill(spec, {
      dnsPolicy: 'ClusterFirst',
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      schedulerName: 'default-scheduler',
    });
    objectIn(spec, 'securityContext');
    // Two names of one field; the older is kept up for old clients.
    fill(spec, { serviceAccountName: spec['serviceAccount'] });
    if (isUnset(spec['serviceAccountName'])) delete spec['serviceAccountName'];
    else spec['serviceAccount'] = spec['serviceAccountName'];
  },
  'v1/PodStatus': (status) => {
    const [first] = objectsIn(status, 'podIPs');
    if (first !== undefined) status['podIP'] = first['ip'];
    else if (!isUnset(status['podIP'])) status['podIPs'] = [{ ip: status['podIP'] }];
  },
  'v1/NodeSpec': (spec) => {
    if (Array.isArray(spec['podCIDRs'])) fill(spec, { podCIDR: spec['podCIDRs'][0] });
    else if (!isUnset(spec['podCIDR'])) spec['podCIDRs'] = [spec['podCIDR']];
  },
  'v1/Container': container,
  'v1/EphemeralContainer': container,
  'v1/Probe': (probe) => {
    const thresholds = { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 };
    for (const [name, value] of Object.entries(thresholds)) if (isUnset(probe[name])) probe[name] = value;
  },
  'v1/HTTPGetAction': constants({ path: '/', scheme: 'HTTP' }),
  'v1/ObjectFieldSelector': constants({ apiVersion: 'v1' }),
  'v1/Volume': (volume) => {
    if (Object.keys(volume).every((key) => key === 'name')) volume['emptyDir'] = {};
    const image = volume['image'];
    if (isPlainObject(image)) fill(image, { pullPolicy: pullPolicyOf(image['reference']) });
  },
  'v1/SecretVolumeSource': defaultMode,
  'v1/ConfigMapVolumeSource': defaultMode,
  'v1/DownwardAPIVolumeSource': defaultMode,
  'v1/ProjectedVolumeSource': defaultMode,
  'v1/ServiceAccountTokenProjection': constants({ expirationSeconds: 3600 }),
  'v1/HostPathVolumeSource': (source) => {
    source['type'] ??= '';
  },
  'v1/Service': service,
  'v1/Secret': (secret) => {
    fill(secret, { type: 'Opaque' });
    mergeStringData(secret);
  },
  'v1/Namespace': (namespace) => {
    const metadata = objectIn(namespace, 'metadata');
    if (!isUnset(metadata['name'])) objectIn(metadata, 'labels')['kubernetes.io/metadata.name'] = metadata['name'];
  },
  'v1/NamespaceStatus': constants({ phase: 'Active' }),
  'v1/NodeStatus': (status) => {
    if (isPlainObject(status['capacity'])) status['allocatable'] ??= { ...status['capacity'] };
  },
  'v1/PersistentVolume': (volume) => {
    fill(objectIn(volume, 'spec'), { persistentVolumeReclaimPolicy: 'Retain', volumeMode: 'Filesystem' });
    fill(objectIn(volume, 'status'), { phase: 'Pending' });
  },
  'v1/PersistentVolumeClaim': (claim) => fill(objectIn(claim, 'status'), { phase: 'Pending' }),
  'v1/PersistentVolumeClaimSpec': constants({ volumeMode: 'Filesystem' }),
  'v1/EndpointPort': constants({ protocol: 'TCP' }),
  'v1/ReplicationController': (controller) => {
    const spec = objectIn(controller, 'spec');
    fill(spec, { replicas: 1 });
    const template = spec['template'];
    const labels = isPlainObject(template) && isPlainObject(template['metadata']) ? template['metadata']['labels'] : {};
    if (!isPlainObject(labels) || Object.keys(labels).length === 0) return;
    spec['selector'] ??= { ...labels };
    objectIn(controller, 'metadata')['labels'] ??= { ...labels };
  },
  'v1/LimitRangeItem': (item) => {
    if (item['type'] !== 'Container') return;
    const limits = objectIn(item, 'default');
    const requests = objectIn(item, 'defaultRequest');
    addMissing(limits, item['max']);
    addMissing(requests, limits);
    addMissing(requests, item['min']);
    for (const name of ['default', 'defaultRequest']) {
      if (Object.keys(item[name] as PlainObject).length === 0) delete item[name];
    }
  },
};

/** In a Pod, though not in a template, what is limited but not requested is requested as much as it is limited. */
function requestLimits(object: PlainObject): void {
  const resources = object['resources'];
  if (!isPlainObject(resources) || !isPlainObject(resources['limits'])) return;
  if (Object.keys(resources['limits']).length > 0) addMissing(objectIn(resources, 'requests'), resources['limits']);
}

/** On the host's network a container's ports are the host's. */
function exposePorts(object: PlainObject): void {
  for (const port of objectsIn(object, 'ports'))
    if (isUnset(port['hostPort'])) port['hostPort'] = port['containerPort'];
}

function service(object: PlainObject): void {
  const spec = objectIn(object, 'spec');
  fill(spec, { sessionAffinity: 'None', type: 'ClusterIP' });
  if (spec['sessionAffinity'] === 'None') delete spec['sessionAffinityConfig'];
  if (spec['sessionAffinity'] === 'ClientIP') {
    fill(objectIn(objectIn(spec, 'sessionAffinityConfig'), 'clientIP'), { timeoutSeconds: 10_800 });
  }
  for (const port of objectsIn(spec, 'ports')) {
    fill(port, { protocol: 'TCP' });
    if (isUnset(port['targetPort'])) port['targetPort'] = port['port'];
  }
  const type = spec['type'];
  const external = type === 'NodePort' || type === 'LoadBalancer';
  const externalIps = spec['externalIPs'];
  if (external || (type === 'ClusterIP' && Array.isArray(externalIps) && externalIps.length > 0)) {
    fill(spec, { externalTrafficPolicy: 'Cluster' });
  }
  if (external || type === 'ClusterIP') fill(spec, { internalTrafficPolicy: 'Cluster' });
  if (type !== 'LoadBalancer') return;
  fill(spec, { allocateLoadBalancerNodePorts: true });
  for (const ingress of objectsIn(objectIn(objectIn(object, 'status'), 'loadBalancer'), 'ingress')) {
    if (!isUnset(ingress['ip'])) fill(ingress, { ipMode: 'VIP' });
  }
}

/** `stringData` is for writing only: it goes into `data`. */
function mergeStringData(secret: PlainObject): void {
  const texts = secret['stringData'];
  if (!isPlainObject(texts)) return;
  const data = objectIn(secret, 'data');
  for (const key of Object.keys(texts)) setOwn(data, key, Buffer.from(String(texts[key])).toString('base64'));
  delete secret['stringData'];
}

/** Always for the tag `latest`, said or meant; the image's text is checked elsewhere. */
function pullPolicyOf(image: unknown): string {
  const [, repository = '', tag, digest] = /^([^@]*?)(?::([\w][\w.-]*))?(@.*)?$/.exec(String(image ?? '')) ?? [];
  const path = repository.includes('/') ? repository.slice(repository.indexOf('/') + 1) : repository;
  if (path === '' || path !== path.toLowerCase()) return 'IfNotPresent';
  return (tag ?? (digest === undefined ? 'latest' : '')) === 'latest' ? 'Always' : 'IfNotPresent';
}
