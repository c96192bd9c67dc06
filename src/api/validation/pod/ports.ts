import { duplicate, type FieldPath, invalidValue, required } from '../../field-errors.ts';
import { checkPortName, checkPortNumber } from '../../names.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, checkOneOf, type Errors } from '../checks.ts';

const protocols = ['SCTP', 'TCP', 'UDP'];

export function checkPorts(errors: Errors, path: FieldPath, ports: readonly v1.ContainerPort[]): void {
  const names = new Set<string>();
  for (const [index, { name, containerPort, hostPort, protocol }] of ports.entries()) {
    const port = path.index(index);
    if (name) {
      const problems = checkPortName(name);
      addEach(errors, port.child('name'), name, problems);
      if (problems.length === 0 && names.has(name)) errors.push(duplicate(port.child('name'), name));
      names.add(name);
    }
    if (!containerPort) errors.push(required(port.child('containerPort')));
    else addEach(errors, port.child('containerPort'), containerPort, checkPortNumber(containerPort));
    if (hostPort) addEach(errors, port.child('hostPort'), hostPort, checkPortNumber(hostPort));
    checkOneOf(errors, port.child('protocol'), protocol, protocols);
  }
}

type HasPorts = Pick<v1.Container, 'ports'>;

/** A port of the host belongs to one container. `path`: of the list. */
export function checkHostPorts(errors: Errors, path: FieldPath, containers: readonly HasPorts[]): void {
  const taken = new Set<string>();
  for (const [index, { ports }] of containers.entries()) {
    for (const [at, { protocol, hostIP = '', hostPort }] of (ports ?? []).entries()) {
      if (!hostPort) continue;
      const key = `${protocol}/${hostIP}/${hostPort}`;
      if (taken.has(key)) errors.push(duplicate(path.index(index).child('ports').index(at).child('hostPort'), key));
      taken.add(key);
    }
  }
}

/** On the host's network a container's ports are the host's; a template may leave it to the pod's defaults to say so. */
export function checkHostNetworkPorts(
  errors: Errors,
  path: FieldPath,
  containers: readonly HasPorts[],
  isPod: boolean,
): void {
  for (const [index, { ports }] of containers.entries()) {
    for (const [at, { containerPort, hostPort = 0 }] of (ports ?? []).entries()) {
      if ((!isPod && hostPort === 0) || hostPort === containerPort) continue;
      const port = path.index(index).child('ports').index(at).child('hostPort');
      errors.push(invalidValue(port, hostPort, 'must match `containerPort` when `hostNetwork` is true'));
    }
  }
}
