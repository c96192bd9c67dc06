import type { discoveryv1, networkingv1, v1 } from '../types/index.ts';
import {
  age,
  ageColumn,
  column,
  firstOf,
  labelsText,
  nameColumn,
  nameOf,
  orNone,
  type Printer,
  printer,
  selectorText,
  wide,
} from './printer.ts';

/** Printers of Services and what else is about traffic, by kind and group. */
export const networkPrinters: Readonly<Record<string, Printer>> = {
  Service: printer<v1.Service>(
    [
      nameColumn,
      column('Type', 'How it is exposed.'),
      column('Cluster-IP', 'Address within the cluster.'),
      column('External-IP', 'Addresses from outside.'),
      column('Port(s)', 'Ports, with those on the nodes.'),
      ageColumn,
      wide('Selector', 'Labels of the pods that serve it.'),
    ],
    (service, now) => [
      nameOf(service),
      service.spec?.type ?? '',
      orNone(service.spec?.clusterIPs?.[0] ?? service.spec?.clusterIP),
      externalIp(service),
      orNone(service.spec?.ports?.map(portText).join(',')),
      age(service, now),
      labelsText(service.spec?.selector),
    ],
  ),
  Endpoints: printer<v1.Endpoints>(
    [nameColumn, column('Endpoints', 'Addresses and ports that serve.'), ageColumn],
    (endpoints, now) => [nameOf(endpoints), endpointsText(endpoints), age(endpoints, now)],
  ),
  'EndpointSlice.discovery.k8s.io': printer<discoveryv1.EndpointSlice>(
    [
      nameColumn,
      column('AddressType', 'What its addresses are.'),
      column('Ports', 'Ports that serve.'),
      column('Endpoints', 'Addresses that serve.'),
      ageColumn,
    ],
    (slice, now) => {
      const ports = (slice.ports ?? []).map(({ port, name }) => (port === undefined ? (name ?? '*') : String(port)));
      return [
        nameOf(slice),
        slice.addressType ?? '',
        firstOf(ports, 3) || '<unset>',
        firstOf(slice.endpoints?.flatMap(({ addresses }) => addresses) ?? [], 3) || '<unset>',
        age(slice, now),
      ];
    },
  ),
  'ServiceCIDR.networking.k8s.io': printer<networkingv1.ServiceCIDR>(
    [nameColumn, column('CIDRs', 'Where addresses of Services come from.'), ageColumn],
    (range, now) => [nameOf(range), range.spec?.cidrs?.join(',') ?? '', age(range, now)],
  ),
  'IPAddress.networking.k8s.io': printer<networkingv1.IPAddress>(
    [nameColumn, column('ParentRef', 'Whose address it is.')],
    (address) => [nameOf(address), parentText(address.spec?.parentRef)],
  ),
  'Ingress.networking.k8s.io': printer<networkingv1.Ingress>(
    [
      nameColumn,
      column('Class', 'IngressClass that it belongs to.'),
      column('Hosts', 'Hosts that its rules are about.'),
      column('Address', 'Where it is reached.'),
      column('Ports', 'Ports that are open.'),
      ageColumn,
    ],
    (ingress, now) => [
      nameOf(ingress),
      orNone(ingress.spec?.ingressClassName),
      hostsText(ingress.spec?.rules ?? []),
      ingressAddresses(ingress.status?.loadBalancer),
      ingress.spec?.tls?.length ? '80, 443' : '80',
      age(ingress, now),
    ],
  ),
  'IngressClass.networking.k8s.io': printer<networkingv1.IngressClass>(
    [
      nameColumn,
      column('Controller', 'Who handles this class.'),
      column('Parameters', 'Object with its parameters.'),
      ageColumn,
    ],
    (ingressClass, now) => {
      const parameters = ingressClass.spec?.parameters;
      const group = parameters?.apiGroup === undefined ? '' : `.${parameters.apiGroup}`;
      const text = parameters === undefined ? '<none>' : `${parameters.kind}${group}/${parameters.name}`;
      return [nameOf(ingressClass), ingressClass.spec?.controller ?? '', text, age(ingressClass, now)];
    },
  ),
  'NetworkPolicy.networking.k8s.io': printer<networkingv1.NetworkPolicy>(
    [nameColumn, column('Pod-Selector', 'Labels of the pods that it is about.'), ageColumn],
    (policy, now) => [nameOf(policy), selectorText(policy.spec?.podSelector), age(policy, now)],
  ),
};

function portText({ port, nodePort, protocol }: v1.ServicePort): string {
  return nodePort ? `${port}:${nodePort}/${protocol}` : `${port}/${protocol}`;
}

function externalIp({ spec, status }: v1.Service): string {
  const external = spec?.externalIPs ?? [];
  switch (spec?.type) {
    case 'ClusterIP':
    case 'NodePort':
      return orNone(external.join(','));
    case 'LoadBalancer': {
      const balanced = ingressAddresses(status?.loadBalancer);
      return [...(balanced === '' ? [] : [balanced]), ...external].join(',') || '<pending>';
    }
    case 'ExternalName':
      return spec.externalName ?? '';
    default:
      return '<unknown>';
  }
}

function ingressAddresses(status: { ingress?: { ip?: string; hostname?: string }[] } | undefined): string {
  const addresses = (status?.ingress ?? []).map(({ ip, hostname }) => ip || hostname || '').filter(Boolean);
  return [...new Set(addresses)].sort().join(',');
}

function endpointsText({ subsets }: v1.Endpoints): string {
  if (!subsets?.length) return '<none>';
  const all = subsets.flatMap(({ ports = [], addresses = [] }) => {
    if (ports.length === 0) return addresses.map(({ ip }) => ip);
    return ports.flatMap(({ port }) =>
      addresses.map(({ ip }) => (ip.includes(':') ? `[${ip}]:${port}` : `${ip}:${port}`)),
    );
  });
  return firstOf(all, 3);
}

function hostsText(rules: readonly networkingv1.IngressRule[]): string {
  const hosts = rules.map(({ host }) => host ?? '').filter(Boolean);
  return firstOf(hosts, 3) || '*';
}

function parentText(parent: networkingv1.ParentReference | undefined): string {
  if (parent === undefined) return '<none>';
  const { group, resource = '', namespace, name = '' } = parent;
  const kind = (group ? `${resource}.${group}` : resource).toLowerCase();
  return [kind, ...(namespace ? [namespace] : []), name].join('/');
}
