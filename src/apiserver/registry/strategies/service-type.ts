import { equalPlain } from '../../../api/index.ts';

interface ServicePort {
  port?: number;
  protocol?: string;
  nodePort?: number;
}

/** The fields of a Service that its type decides on. */
export interface ServiceSpec {
  type?: string;
  clusterIP?: string;
  clusterIPs?: string[];
  externalIPs?: string[];
  externalTrafficPolicy?: string;
  ports?: ServicePort[];
  allocateLoadBalancerNodePorts?: boolean;
  [field: string]: unknown;
}

export function usesNodePorts({ type, allocateLoadBalancerNodePorts }: ServiceSpec): boolean {
  return type === 'NodePort' || (type === 'LoadBalancer' && allocateLoadBalancerNodePorts !== false);
}

const isBalancer = ({ type }: ServiceSpec): boolean => type === 'LoadBalancer';
const hasAddress = ({ type }: ServiceSpec): boolean => type !== 'ExternalName';
const hasNodePorts = ({ type }: ServiceSpec): boolean => type === 'NodePort' || type === 'LoadBalancer';
const isExternal = (spec: ServiceSpec): boolean =>
  hasNodePorts(spec) || (spec.type === 'ClusterIP' && (spec.externalIPs?.length ?? 0) > 0);
const isHealthChecked = (spec: ServiceSpec): boolean => isBalancer(spec) && spec.externalTrafficPolicy === 'Local';

/** Fields, and what a Service must be to have them. */
const uses: readonly [fields: readonly string[], used: (spec: ServiceSpec) => boolean][] = [
  [['clusterIP', 'clusterIPs'], hasAddress],
  [['ipFamilies'], hasAddress],
  [['ipFamilyPolicy'], hasAddress],
  [['healthCheckNodePort'], isHealthChecked],
  [['allocateLoadBalancerNodePorts'], isBalancer],
  [['loadBalancerClass'], isBalancer],
  [['externalTrafficPolicy'], isExternal],
];

/**
 * Who changes a Service's type need not take out what only the former type had and was filled in for it. What was changed along
 * stays, for validation to refuse.
 */
export function dropUnused(spec: ServiceSpec, before: ServiceSpec): void {
  const ports = (of: ServiceSpec): unknown[] => (of.ports ?? []).map(({ nodePort }) => nodePort ?? 0);
  if (hasNodePorts(before) && !hasNodePorts(spec) && equalPlain(ports(spec), ports(before))) {
    for (const port of spec.ports ?? []) delete port.nodePort;
  }
  const unused = uses.filter(([, used]) => used(before) && !used(spec));
  for (const [fields] of unused) {
    if (!fields.every((name) => equalPlain(spec[name], before[name]))) continue;
    for (const name of fields) delete spec[name];
  }
}
