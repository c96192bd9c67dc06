import { duplicate, type FieldPath, fieldPath, forbiddenField } from '../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkQualifiedName, checkRange } from '../names.ts';
import type { v1 } from '../types/index.ts';
import { addEach, checkLabels, checkNonNegative, type Errors, eachRepeated } from './checks.ts';
import { type ContainerContext, checkContainer } from './containers.ts';
import { checkAffinity, checkSpread, checkTolerations } from './placement.ts';
import { checkVolumes } from './volumes.ts';

const maxInt32 = 2 ** 31 - 1;

/** Of a pod, or of a template for pods. */
export function checkPodSpec(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  checkVolumes(errors, path.child('volumes'), spec.volumes ?? []);
  checkContainers(errors, path, spec);
  checkNonNegative(errors, path.child('terminationGracePeriodSeconds'), spec.terminationGracePeriodSeconds);
  if (spec.activeDeadlineSeconds !== undefined) {
    const deadline = spec.activeDeadlineSeconds;
    addEach(errors, path.child('activeDeadlineSeconds'), deadline, checkRange(deadline, 1, maxInt32));
  }
  checkNames(errors, path, spec);
  checkLabels(errors, path.child('nodeSelector'), spec.nodeSelector);
  checkTolerations(errors, path.child('tolerations'), spec.tolerations ?? []);
  checkAffinity(errors, path.child('affinity'), spec.affinity);
  checkSpread(errors, path.child('topologySpreadConstraints'), spec.topologySpreadConstraints ?? []);
  checkGates(errors, path, spec);
}

function checkContainers(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  const { containers = [], initContainers = [] } = spec;
  const volumes = new Set(spec.volumes?.map(({ name }) => name));
  const context: ContainerContext = { volumes, hostNetwork: spec.hostNetwork ?? false, runsToEnd: false };
  (containers ?? []).forEach((container, index) => {
    checkContainer(errors, path.child('containers').index(index), container, context);
  });
  initContainers.forEach((container, index) => {
    const runsToEnd = container.restartPolicy !== 'Always';
    checkContainer(errors, path.child('initContainers').index(index), container, { ...context, runsToEnd });
  });
  const placed = (['containers', 'initContainers'] as const).flatMap((list) =>
    (spec[list] ?? []).map((container, index) => ({ container, at: path.child(list).index(index) })),
  );
  eachRepeated(
    placed,
    ({ container }) => container.name,
    ({ container, at }) => errors.push(duplicate(at.child('name'), container.name)),
  );
  const ports = placed.flatMap(({ container, at }) =>
    (container.ports ?? []).map((port, index) => ({ port, at: at.child('ports').index(index).child('hostPort') })),
  );
  const key = ({ protocol, hostIP = '', hostPort }: v1.ContainerPort): string => `${protocol}/${hostIP}/${hostPort}`;
  eachRepeated(
    ports.filter(({ port }) => port.hostPort),
    ({ port }) => key(port),
    ({ port, at }) => errors.push(duplicate(at, key(port))),
  );
}

function checkNames(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  for (const name of ['nodeName', 'serviceAccountName', 'priorityClassName', 'runtimeClassName'] as const) {
    const value = spec[name];
    if (value) addEach(errors, path.child(name), value, checkDns1123Subdomain(value));
  }
  for (const name of ['hostname', 'subdomain'] as const) {
    const value = spec[name];
    if (value) addEach(errors, path.child(name), value, checkDns1123Label(value));
  }
  if (spec.schedulerName)
    addEach(errors, path.child('schedulerName'), spec.schedulerName, checkQualifiedName(spec.schedulerName));
}

function checkGates(errors: Errors, path: FieldPath, { schedulingGates = [], nodeName }: v1.PodSpec): void {
  const gates = path.child('schedulingGates');
  schedulingGates.forEach(({ name }, index) => {
    if (name) addEach(errors, gates.index(index).child('name'), name, checkQualifiedName(name));
  });
  eachRepeated(
    schedulingGates,
    ({ name }) => name,
    ({ name }, index) => errors.push(duplicate(gates.index(index).child('name'), name)),
  );
  if (schedulingGates.length > 0 && nodeName) {
    errors.push(forbiddenField(path.child('nodeName'), 'cannot be set until all schedulingGates have been cleared'));
  }
}

/** The path of a pod's own spec. */
export const podSpecPath = fieldPath('spec');
