import type { v1 } from '../api/index.ts';

/**
 * The variables that tell a pod of the Services of its namespace, in both old forms: `NAME_SERVICE_HOST` and so on, and
 * those of Docker's links. The cluster's own Service `kubernetes` is always told; others only with `links`.
 */
export function serviceEnvironment(
  services: Iterable<v1.Service>,
  namespace: string,
  links: boolean,
): Map<string, string> {
  const chosen = new Map<string, v1.Service>();
  for (const service of services) {
    const { metadata, spec } = service;
    if (!spec?.clusterIP || spec.clusterIP === 'None') continue;
    const master = metadata.namespace === 'default' && metadata.name === 'kubernetes';
    // One of the pod's own namespace hides the cluster's.
    if (metadata.namespace === namespace && links) chosen.set(metadata.name!, service);
    else if (master && !chosen.has('kubernetes')) chosen.set('kubernetes', service);
  }
  const env = new Map<string, string>();
  for (const [name, service] of chosen) addService(env, variableName(name), service.spec!);
  return env;
}

function addService(env: Map<string, string>, prefix: string, { clusterIP, ports = [] }: v1.ServiceSpec): void {
  const host = clusterIP!;
  env.set(`${prefix}_SERVICE_HOST`, host);
  const [first] = ports;
  if (!first) return;
  env.set(`${prefix}_SERVICE_PORT`, String(first.port));
  for (const { name, port } of ports) {
    if (name) env.set(`${prefix}_SERVICE_PORT_${variableName(name)}`, String(port));
  }
  const address = host.includes(':') ? `[${host}]` : host;
  const url = ({ protocol = 'TCP', port }: v1.ServicePort): string => `${protocol.toLowerCase()}://${address}:${port}`;
  env.set(`${prefix}_PORT`, url(first));
  for (const port of ports) {
    const protocol = port.protocol ?? 'TCP';
    const link = `${prefix}_PORT_${port.port}_${protocol}`;
    env.set(link, url(port));
    env.set(`${link}_PROTO`, protocol.toLowerCase());
    env.set(`${link}_PORT`, String(port.port));
    env.set(`${link}_ADDR`, host);
  }
}

function variableName(name: string): string {
  return name.toUpperCase().replaceAll('-', '_');
}
