import { fieldPath, forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkDns1123Subdomain, checkPortNumber, checkQualifiedName } from '../names.ts';
import type { v1 } from '../types/index.ts';
import { checkCidr, checkIp, checkNotSpecial } from './addresses.ts';
import { addEach, checkLabels, type Errors } from './checks.ts';
import { checkLoadBalancerStatus } from './load-balancer.ts';
import { kindRules } from './rules.ts';
import { checkClusterIps, checkClusterIpsUpdate, isHeadless } from './service-addresses.ts';
import { checkServicePorts } from './service-ports.ts';

const path = fieldPath('spec');
const maxAffinitySeconds = 86_400;
const balancerOnly = "may only be used when `type` is 'LoadBalancer'";
const hintsAnnotation = 'service.kubernetes.io/topology-aware-hints';
const modeAnnotation = 'service.kubernetes.io/topology-mode';
const rangesAnnotation = 'service.beta.kubernetes.io/load-balancer-source-ranges';
const distributions = ['PreferClose', 'PreferSameNode', 'PreferSameZone'];

export const serviceRules = kindRules<v1.Service>({
  check({ metadata, spec }, errors) {
    if (spec === undefined) return;
    const annotations = metadata.annotations ?? {};
    checkTopology(annotations, errors);
    checkServicePorts(errors, path, spec, isHeadless(spec));
    checkLabels(errors, path.child('selector'), spec.selector);
    if (spec.type === 'ExternalName') checkExternalName(spec, errors);
    else checkClusterIps(errors, spec);
    checkAffinityConfig(spec, errors);
    spec.externalIPs?.forEach((address, index) => {
      const item = path.child('externalIPs').index(index);
      if (checkIp(errors, item, address)) checkNotSpecial(errors, item, address);
    });
    checkSourceRanges(spec, annotations[rangesAnnotation], errors);
    checkBalancerFields(spec, errors);
    checkTraffic(spec, errors);
  },
  checkUpdate({ spec }, { spec: old }, errors) {
    if (spec === undefined || old === undefined) return;
    checkClusterIpsUpdate(errors, spec, old);
    const { type, loadBalancerClass } = spec;
    if (type === 'LoadBalancer' && old.type === type && loadBalancerClass !== old.loadBalancerClass) {
      errors.push(invalidValue(path.child('loadBalancerClass'), loadBalancerClass ?? null, 'may not change once set'));
    }
    const checked = needsHealthCheck(spec) && needsHealthCheck(old);
    if (checked && spec.healthCheckNodePort !== old.healthCheckNodePort) {
      errors.push(forbiddenField(path.child('healthCheckNodePort'), 'field is immutable'));
    }
  },
  subresources: {
    status({ spec, status }, _old, errors) {
      const at = fieldPath('status', 'loadBalancer');
      if (spec?.type !== 'LoadBalancer' && status?.loadBalancer?.ingress?.length) {
        errors.push(forbiddenField(at.child('ingress'), "may only be used when `spec.type` is 'LoadBalancer'"));
      } else checkLoadBalancerStatus(errors, at, status?.loadBalancer);
    },
  },
});

function checkTopology(annotations: Readonly<Record<string, string>>, errors: Errors): void {
  const [hints, mode] = [annotations[hintsAnnotation], annotations[modeAnnotation]];
  if (hints === undefined || mode === undefined || hints === mode) return;
  const at = fieldPath('metadata', 'annotations').key(modeAnnotation);
  errors.push(invalidValue(at, mode, `must match annotations[${hintsAnnotation}] when both are specified`));
}

function checkExternalName(spec: v1.ServiceSpec, errors: Errors): void {
  const unused = 'may not be set for ExternalName services';
  if (spec.clusterIP || spec.clusterIPs?.length) errors.push(forbiddenField(path.child('clusterIPs'), unused));
  if (spec.ipFamilies?.length) errors.push(forbiddenField(path.child('ipFamilies'), unused));
  if (spec.ipFamilyPolicy !== undefined) errors.push(forbiddenField(path.child('ipFamilyPolicy'), unused));
  const name = spec.externalName?.replace(/\.$/, '');
  if (!name) errors.push(required(path.child('externalName')));
  else addEach(errors, path.child('externalName'), name, checkDns1123Subdomain(name));
}

function checkAffinityConfig({ sessionAffinity, sessionAffinityConfig: config }: v1.ServiceSpec, errors: Errors): void {
  const at = path.child('sessionAffinityConfig');
  if (sessionAffinity === 'None' && config !== undefined) {
    errors.push(forbiddenField(at, 'must not be set when session affinity is None'));
  }
  if (sessionAffinity !== 'ClientIP') return;
  const clientIp = config?.clientIP;
  const seconds = clientIp?.timeoutSeconds;
  if (config === undefined || clientIp === undefined || seconds === undefined) {
    const parts = config === undefined ? [] : clientIp === undefined ? ['clientIP'] : ['clientIP', 'timeoutSeconds'];
    errors.push(required(at.child(...parts), 'when session affinity type is ClientIP'));
    return;
  }
  if (seconds <= 0 || seconds > maxAffinitySeconds) {
    const detail = `must be greater than 0 and less than ${maxAffinitySeconds}`;
    errors.push(invalidValue(at.child('clientIP', 'timeoutSeconds'), seconds, detail));
  }
}

/** Ranges may be padded by blanks: they were an annotation once, which still counts where the field isn't given. */
function checkSourceRanges(spec: v1.ServiceSpec, annotated: string | undefined, errors: Errors): void {
  const { type, loadBalancerSourceRanges: ranges = [] } = spec;
  const given = ranges.length > 0;
  if (!given && annotated === undefined) return;
  const at = given
    ? path.child('LoadBalancerSourceRanges')
    : fieldPath('metadata', 'annotations').key(rangesAnnotation);
  if (type !== 'LoadBalancer') errors.push(forbiddenField(at, balancerOnly));
  if (given) for (const [index, range] of ranges.entries()) checkCidr(errors, at.index(index), range.trim());
  else if (annotated?.trim()) for (const range of annotated.split(',')) checkCidr(errors, at, range.trim());
}

function checkBalancerFields(spec: v1.ServiceSpec, errors: Errors): void {
  const { type, loadBalancerClass } = spec;
  if (type === 'LoadBalancer') {
    if (loadBalancerClass === undefined) return;
    addEach(errors, path.child('loadBalancerClass'), loadBalancerClass, checkQualifiedName(loadBalancerClass));
    return;
  }
  for (const name of ['allocateLoadBalancerNodePorts', 'loadBalancerClass'] as const) {
    if (spec[name] !== undefined) errors.push(forbiddenField(path.child(name), balancerOnly));
  }
}

/** Whether traffic from outside of the cluster comes in. */
function isExternal({ type, externalIPs }: v1.ServiceSpec): boolean {
  return (
    type === 'LoadBalancer' ||
    type === 'NodePort' ||
    (type === 'ClusterIP' && externalIPs !== undefined && externalIPs.length > 0)
  );
}

function needsHealthCheck({ type, externalTrafficPolicy }: v1.ServiceSpec): boolean {
  return type === 'LoadBalancer' && externalTrafficPolicy === 'Local';
}

function checkTraffic(spec: v1.ServiceSpec, errors: Errors): void {
  const { externalTrafficPolicy, healthCheckNodePort, trafficDistribution } = spec;
  if (externalTrafficPolicy && !isExternal(spec)) {
    const detail = 'may only be set for externally-accessible services';
    errors.push(invalidValue(path.child('externalTrafficPolicy'), externalTrafficPolicy, detail));
  }
  if (healthCheckNodePort) {
    const at = path.child('healthCheckNodePort');
    if (needsHealthCheck(spec)) addEach(errors, at, healthCheckNodePort, checkPortNumber(healthCheckNodePort));
    else {
      const detail = "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
      errors.push(invalidValue(at, healthCheckNodePort, detail));
    }
  }
  if (trafficDistribution !== undefined && !distributions.includes(trafficDistribution)) {
    errors.push(notSupported(path.child('trafficDistribution'), trafficDistribution, distributions));
  }
}
