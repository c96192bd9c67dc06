import {
  duplicate,
  type FieldPath,
  forbiddenField,
  invalidValue,
  required,
  valueNotFound,
} from '../../field-errors.ts';
import { checkDns1123Label } from '../../names.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, checkGiven, checkOneOf, type Errors } from '../checks.ts';
import { checkVariableSources, checkVariables } from './environment.ts';
import { checkHandlers, checkNoHandlers } from './handlers.ts';
import { checkDevices, checkMounts, type Volumes } from './mounts.ts';
import { checkHostPorts, checkPorts } from './ports.ts';
import { checkContainerResources } from './resources.ts';
import { checkResizePolicies, checkRestarts } from './restarts.ts';
import { checkSecurity } from './security.ts';
import { pullPolicies } from './volume-sources.ts';

/** What of the pod its containers have to fit. */
export interface ContainerContext {
  volumes: Volumes;
  /** Of the pod's resource claims. */
  claimNames: ReadonlySet<string>;
  restartPolicy: string | undefined;
  /** How long the pod has to end, in seconds. */
  grace: number | undefined;
  /** Whether the pod's users are the host's. */
  hostUsers: boolean;
}

const messagePolicies = ['File', 'FallbackToLogsOnError'];

export function checkContainers(
  errors: Errors,
  path: FieldPath,
  containers: readonly v1.Container[],
  context: ContainerContext,
): void {
  if (containers.length === 0) {
    errors.push(required(path));
    return;
  }
  const names = new Set<string>();
  for (const [index, container] of containers.entries()) {
    const item = path.index(index);
    checkContainer(errors, item, container, context);
    checkUnique(errors, item, container, names);
    checkHandlers(errors, item, container, context.grace);
    checkRestarts(errors, item, container);
  }
  checkHostPorts(errors, path, containers);
}

/** `others`: the pod's main containers. */
export function checkInitContainers(
  errors: Errors,
  path: FieldPath,
  containers: readonly v1.Container[],
  others: readonly v1.Container[],
  context: ContainerContext,
): void {
  const names = new Set(others.map(({ name }) => name));
  for (const [index, container] of containers.entries()) {
    const item = path.index(index);
    checkContainer(errors, item, container, context);
    checkRestarts(errors, item, container);
    const isSidecar = container.restartPolicy === 'Always';
    if (isSidecar && container.restartPolicyRules?.length) {
      const detail = 'restartPolicyRules are not allowed for init containers with restart policy Always';
      errors.push(forbiddenField(item.child('restartPolicyRules'), detail));
    }
    checkUnique(errors, item, container, names);
    // They run one after another, so each has the ports for itself.
    checkHostPorts(errors, path, [container]);
    if (isSidecar) checkHandlers(errors, item, container, context.grace);
    else checkNoHandlers(errors, item, container);
  }
}

/** What a container that joins to look at the others may not have. */
const forbiddenToEphemeral = [
  'ports',
  'resources',
  'resizePolicy',
  'restartPolicy',
  'restartPolicyRules',
  'livenessProbe',
  'readinessProbe',
  'startupProbe',
  'lifecycle',
] as const satisfies readonly (keyof v1.Container)[];

export function checkEphemeralContainers(
  errors: Errors,
  path: FieldPath,
  containers: readonly v1.EphemeralContainer[],
  others: readonly v1.Container[],
  context: ContainerContext,
): void {
  const otherNames = new Set(others.map(({ name }) => name));
  const names = new Set(otherNames);
  const detail = 'cannot be set for an Ephemeral Container';
  for (const [index, container] of containers.entries()) {
    const item = path.index(index);
    checkContainer(errors, item, container, context);
    checkImageText(errors, item, container);
    checkUnique(errors, item, container, names);
    const { targetContainerName: target } = container;
    if (target && !otherNames.has(target)) errors.push(valueNotFound(item.child('targetContainerName'), target));
    for (const field of forbiddenToEphemeral) {
      if (isSet(container[field])) errors.push(forbiddenField(item.child(field), detail));
    }
    for (const [at, { subPath, subPathExpr }] of (container.volumeMounts ?? []).entries()) {
      const mount = item.child('volumeMounts').index(at);
      if (subPath) errors.push(forbiddenField(mount.child('subPath'), detail));
      if (subPathExpr) errors.push(forbiddenField(mount.child('subPathExpr'), detail));
    }
  }
}

/** Resources are always there, if only as an empty object. */
function isSet(value: unknown): boolean {
  return value !== undefined && (typeof value !== 'object' || Object.keys(value as object).length > 0);
}

function checkUnique(errors: Errors, path: FieldPath, { name }: v1.Container, names: Set<string>): void {
  if (names.has(name)) errors.push(duplicate(path.child('name'), name));
  else if (name) names.add(name);
}

/** What containers of all kinds have in common. */
function checkContainer(
  errors: Errors,
  path: FieldPath,
  container: v1.Container,
  { volumes, claimNames, restartPolicy, hostUsers }: ContainerContext,
): void {
  const { name } = container;
  if (checkGiven(errors, path.child('name'), name)) addEach(errors, path.child('name'), name, checkDns1123Label(name));
  checkGiven(errors, path.child('image'), container.image);
  checkOneOf(errors, path.child('terminationMessagePolicy'), container.terminationMessagePolicy, messagePolicies);
  if (container.ports !== undefined) checkPorts(errors, path.child('ports'), container.ports);
  if (container.env !== undefined) checkVariables(errors, path.child('env'), container.env);
  if (container.envFrom !== undefined) checkVariableSources(errors, path.child('envFrom'), container.envFrom);
  if (container.volumeMounts !== undefined) checkMounts(errors, path.child('volumeMounts'), container, volumes);
  if (container.volumeDevices !== undefined) checkDevices(errors, path.child('volumeDevices'), container, volumes);
  checkOneOf(errors, path.child('imagePullPolicy'), container.imagePullPolicy, pullPolicies);
  const { resources, resizePolicy, securityContext } = container;
  if (resources !== undefined) checkContainerResources(errors, path.child('resources'), resources, claimNames);
  if (resizePolicy !== undefined) {
    checkResizePolicies(errors, path.child('resizePolicy'), resizePolicy, restartPolicy);
  }
  if (securityContext !== undefined) checkSecurity(errors, path.child('securityContext'), securityContext, hostUsers);
}

/** Templates may have blanks around an image, since something else may fill it in. */
export function checkImageText(errors: Errors, path: FieldPath, { image = '' }: v1.Container): void {
  if (image.trim() === image) return;
  errors.push(invalidValue(path.child('image'), image, 'must not have leading or trailing whitespace'));
}
