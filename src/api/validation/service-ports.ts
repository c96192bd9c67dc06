import { duplicate, type FieldPath, forbiddenField, invalidValue, required } from '../field-errors.ts';
import { checkDns1123Label, checkPortNumber, checkQualifiedName } from '../names.ts';
import type { v1 } from '../types/index.ts';
import { addEach, checkPort, type Errors, eachRepeated } from './checks.ts';

const kubeletPort = 10_250;

/** Of the ports of a Service at `path`. */
export function checkServicePorts(errors: Errors, path: FieldPath, spec: v1.ServiceSpec, headless: boolean): void {
  const { ports = [], type } = spec;
  const all = path.child('ports');
  if (ports.length === 0 && !headless && type !== 'ExternalName') errors.push(required(all));
  for (const [index, port] of ports.entries()) checkOne(errors, all.index(index), port, spec);
  eachRepeated(
    ports,
    ({ name }) => name,
    ({ name }, index) => errors.push(duplicate(all.index(index).child('name'), name)),
  );
  eachRepeated(
    ports,
    ({ nodePort, protocol }) => (nodePort ? `${protocol}/${nodePort}` : undefined),
    ({ nodePort }, index) => errors.push(duplicate(all.index(index).child('nodePort'), nodePort)),
  );
  eachRepeated(
    ports,
    ({ port, protocol }) => `${protocol}/${port}`,
    ({ port, protocol }, index) => {
      // As Kubernetes writes a port of which nothing else is known.
      const known = { Name: '', Protocol: protocol ?? '', AppProtocol: null, Port: port, TargetPort: 0, NodePort: 0 };
      errors.push(duplicate(all.index(index), known));
    },
  );
}

function checkOne(errors: Errors, path: FieldPath, given: v1.ServicePort, { ports, type }: v1.ServiceSpec): void {
  const { name, port = 0, targetPort, nodePort, appProtocol } = given;
  if (type === 'LoadBalancer' && port === kubeletPort) {
    const detail = `may not expose port ${kubeletPort} externally since it is used by kubelet`;
    errors.push(invalidValue(path, port, detail));
  }
  if (name) addEach(errors, path.child('name'), name, checkDns1123Label(name));
  else if (ports !== undefined && ports.length > 1) errors.push(required(path.child('name')));
  addEach(errors, path.child('port'), port, checkPortNumber(port));
  if (targetPort !== undefined) checkPort(errors, path.child('targetPort'), targetPort);
  if (appProtocol !== undefined)
    addEach(errors, path.child('appProtocol'), appProtocol, checkQualifiedName(appProtocol));
  if (nodePort && type === 'ClusterIP') {
    errors.push(forbiddenField(path.child('nodePort'), "may not be used when `type` is 'ClusterIP'"));
  }
}
