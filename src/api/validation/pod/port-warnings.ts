import type { FieldPath } from '../../field-errors.ts';
import type { v1 } from '../../types/index.ts';
import { eachContainer } from './each-container.ts';

/** Ports that get into each other's way, or seem to. `path`: of the pod's spec. */
export function portWarnings(warnings: string[], path: FieldPath, spec: v1.PodSpec): void {
  const seen = new Map<string, { at: FieldPath; port: v1.ContainerPort }[]>();
  eachContainer(spec, path, ({ ports }, item) => {
    for (const [index, port] of (ports ?? []).entries()) {
      const at = item().child('ports').index(index);
      if (port.hostIP && !port.hostPort) warnings.push(`${at}: hostIP set without hostPort: ${goText(port)}`);
      const key = `${port.containerPort}/${port.protocol}`;
      const others = seen.get(key) ?? [];
      for (const other of others) {
        const relation = relationOf(port, other.port);
        if (relation !== undefined) warnings.push(`${at}: ${relation} port definition with ${other.at}`);
      }
      seen.set(key, [...others, { at, port }]);
    }
  });
}

function relationOf(a: v1.ContainerPort, b: v1.ContainerPort): string | undefined {
  const [ip, otherIp] = [a.hostIP ?? '', b.hostIP ?? ''];
  const [port, otherPort] = [a.hostPort ?? 0, b.hostPort ?? 0];
  if (ip === otherIp && port === otherPort) return 'duplicate';
  if (port === 0 || otherPort === 0) return 'overlapping';
  const oneIsForAll = (ip === '') !== (otherIp === '');
  return port === otherPort && oneIsForAll ? 'dangerously ambiguous' : undefined;
}

/** A port as Go prints it. */
function goText({ name = '', hostPort = 0, containerPort, protocol = 'TCP', hostIP = '' }: v1.ContainerPort): string {
  return `{Name:${name} HostPort:${hostPort} ContainerPort:${containerPort} Protocol:${protocol} HostIP:${hostIP}}`;
}
