import { duplicate, type FieldPath, forbiddenField, invalidValue, required, valueNotFound } from '../field-errors.ts';
import {
  checkDns1123Label,
  checkEnvironmentName,
  checkHttpHeaderName,
  checkPortName,
  checkPortNumber,
  checkQualifiedName,
  checkRange,
} from '../names.ts';
import { compareQuantities, parseQuantity, tryParseQuantity, zeroQuantity } from '../quantity.ts';
import type { v1 } from '../types/index.ts';
import { addEach, checkNonNegative, checkPort, type Errors, eachRepeated, negativeText } from './checks.ts';

/** Of which a container is part. */
export interface ContainerContext {
  volumes: ReadonlySet<string>;
  hostNetwork: boolean;
  /** Ends before the pod's main containers start, so it is never probed. */
  runsToEnd: boolean;
}

export function checkContainer(
  errors: Errors,
  path: FieldPath,
  container: v1.Container,
  context: ContainerContext,
): void {
  if (container.name) addEach(errors, path.child('name'), container.name, checkDns1123Label(container.name));
  const { image } = container;
  if (!image) errors.push(required(path.child('image')));
  else if (image.trim() !== image) {
    errors.push(invalidValue(path.child('image'), image, 'must not have leading or trailing whitespace'));
  }
  checkPorts(errors, path.child('ports'), container.ports ?? [], context.hostNetwork);
  checkEnvironment(errors, path, container);
  checkMounts(errors, path.child('volumeMounts'), container.volumeMounts ?? [], context.volumes);
  checkResources(errors, path.child('resources'), container.resources);
  checkLifecycle(errors, path.child('lifecycle'), container.lifecycle);
  checkProbes(errors, path, container, context);
  checkSecurity(errors, path.child('securityContext'), container.securityContext);
}

function checkPorts(errors: Errors, path: FieldPath, ports: readonly v1.ContainerPort[], hostNetwork: boolean): void {
  ports.forEach(({ name, containerPort, hostPort }, index) => {
    const port = path.index(index);
    if (name) addEach(errors, port.child('name'), name, checkPortName(name));
    if (!containerPort) errors.push(required(port.child('containerPort')));
    else addEach(errors, port.child('containerPort'), containerPort, checkPortNumber(containerPort));
    if (hostPort) addEach(errors, port.child('hostPort'), hostPort, checkPortNumber(hostPort));
    if (hostNetwork && hostPort && hostPort !== containerPort) {
      const detail = 'must match `hostPort` when `hostNetwork` is true';
      errors.push(invalidValue(port.child('containerPort'), containerPort, detail));
    }
  });
  eachRepeated(
    ports,
    ({ name }) => name,
    ({ name }, index) => errors.push(duplicate(path.index(index).child('name'), name)),
  );
}

function checkEnvironment(errors: Errors, path: FieldPath, { env = [], envFrom = [] }: v1.Container): void {
  env.forEach(({ name, value, valueFrom }, index) => {
    const variable = path.child('env').index(index);
    if (name) addEach(errors, variable.child('name'), name, checkEnvironmentName(name));
    if (valueFrom === undefined) return;
    const source = variable.child('valueFrom');
    const count = Object.keys(valueFrom).length;
    if (count === 0) {
      const detail =
        'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`';
      errors.push(invalidValue(source, '', detail));
    }
    if (count > 1) errors.push(invalidValue(source, '', 'may not have more than one field specified at a time'));
    if (value) errors.push(invalidValue(source, '', 'may not be specified when `value` is not empty'));
  });
  envFrom.forEach(({ prefix, configMapRef, secretRef }, index) => {
    const source = path.child('envFrom').index(index);
    if (prefix) addEach(errors, source.child('prefix'), prefix, checkEnvironmentName(prefix));
    if (!configMapRef && !secretRef) {
      errors.push(invalidValue(source, '', 'must specify one of: `configMapRef` or `secretRef`'));
    } else if (configMapRef && secretRef) {
      errors.push(invalidValue(source, '', 'may not have more than one field specified at a time'));
    } else {
      const [name, reference] = configMapRef ? ['configMapRef', configMapRef] : ['secretRef', secretRef];
      if (!reference?.name) errors.push(required(source.child(name as string, 'name')));
    }
  });
}

function checkMounts(
  errors: Errors,
  path: FieldPath,
  mounts: readonly v1.VolumeMount[],
  volumes: ReadonlySet<string>,
): void {
  mounts.forEach(({ name, subPath, subPathExpr }, index) => {
    const mount = path.index(index);
    if (name && !volumes.has(name)) errors.push(valueNotFound(mount.child('name'), name));
    if (subPath && subPathExpr) {
      const detail = 'subPathExpr and subPath are mutually exclusive';
      errors.push(invalidValue(mount.child('subPathExpr'), subPathExpr, detail));
    }
    if (subPath) checkRelativePath(errors, mount.child('subPath'), subPath);
    if (subPathExpr) checkRelativePath(errors, mount.child('subPathExpr'), subPathExpr);
  });
  eachRepeated(
    mounts,
    ({ mountPath }) => mountPath,
    ({ mountPath }, index) => {
      errors.push(invalidValue(path.index(index).child('mountPath'), mountPath, 'must be unique'));
    },
  );
}

/** A path that stays below where it starts. */
export function checkRelativePath(errors: Errors, path: FieldPath, value: string): void {
  if (value.startsWith('/')) errors.push(invalidValue(path, value, 'must be a relative path'));
  checkNoBacksteps(errors, path, value);
}

export function checkNoBacksteps(errors: Errors, path: FieldPath, value: string): void {
  if (value.split('/').includes('..')) errors.push(invalidValue(path, value, "must not contain '..'"));
}

const standardResources = ['cpu', 'memory', 'ephemeral-storage'];

function isStandardResource(name: string): boolean {
  return standardResources.includes(name) || name.startsWith('hugepages-');
}

/** Requests and limits: known names, amounts that aren't negative, requests within limits. */
export function checkResources(errors: Errors, path: FieldPath, resources: v1.ResourceRequirements = {}): void {
  const { limits = {}, requests = {} } = resources;
  checkAmounts(errors, path.child('limits'), limits);
  checkAmounts(errors, path.child('requests'), requests);
  for (const [name, request] of Object.entries(requests)) {
    const limit = limits[name];
    if (limit === undefined || isUnreadable(request) || isUnreadable(limit)) continue;
    const order = compareQuantities(parseQuantity(request), parseQuantity(limit));
    const sharable = ['cpu', 'memory', 'ephemeral-storage'].includes(name);
    if (order > 0 && sharable) {
      const detail = `must be less than or equal to ${name} limit of ${limit}`;
      errors.push(invalidValue(path.child('requests'), String(request), detail));
    }
    if (order !== 0 && !sharable) {
      const detail = `must be equal to ${name} limit of ${limit}`;
      errors.push(invalidValue(path.child('requests'), String(request), detail));
    }
  }
}

function checkAmounts(errors: Errors, path: FieldPath, amounts: Readonly<Record<string, string | number>>): void {
  for (const [name, amount] of Object.entries(amounts)) {
    const key = path.key(name);
    addEach(errors, key, name, checkQualifiedName(name));
    if (!name.includes('/') && !isStandardResource(name)) {
      errors.push(invalidValue(key, name, 'must be a standard resource type or fully qualified'));
      errors.push(invalidValue(key, name, 'must be a standard resource for containers'));
    }
    const quantity = tryParseQuantity(amount);
    if ('error' in quantity) errors.push(invalidValue(key, amount, quantity.error));
    else if (compareQuantities(quantity, zeroQuantity) < 0)
      errors.push(invalidValue(key, String(amount), negativeText));
    else if (name.includes('/') && quantity.nanos % 1_000_000_000n !== 0n) {
      errors.push(invalidValue(key, String(amount), 'must be an integer'));
    }
  }
}

function isUnreadable(amount: string | number): boolean {
  return 'error' in tryParseQuantity(amount);
}

function checkLifecycle(errors: Errors, path: FieldPath, lifecycle: v1.Lifecycle = {}): void {
  for (const name of ['postStart', 'preStop'] as const) {
    const handler = lifecycle[name];
    if (handler !== undefined)
      checkHandler(errors, path.child(name), handler, ['exec', 'httpGet', 'tcpSocket', 'sleep']);
  }
}

const probeNames = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const probeCounts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

function checkProbes(errors: Errors, path: FieldPath, container: v1.Container, { runsToEnd }: ContainerContext): void {
  for (const name of probeNames) {
    const probe = container[name];
    if (probe === undefined) continue;
    const probePath = path.child(name);
    if (runsToEnd) {
      errors.push(forbiddenField(probePath, 'may not be set for init containers without restartPolicy=Always'));
      continue;
    }
    checkHandler(errors, probePath, probe, ['exec', 'httpGet', 'tcpSocket', 'grpc']);
    for (const count of probeCounts) checkNonNegative(errors, probePath.child(count), probe[count]);
    if (name !== 'readinessProbe' && (probe.successThreshold ?? 1) !== 1) {
      errors.push(invalidValue(probePath.child('successThreshold'), probe.successThreshold, 'must be 1'));
    }
    const grace = probe.terminationGracePeriodSeconds;
    if (grace === undefined) continue;
    const gracePath = probePath.child('terminationGracePeriodSeconds');
    if (name === 'readinessProbe') errors.push(invalidValue(gracePath, grace, 'must not be set for readinessProbes'));
    else if (grace <= 0) errors.push(invalidValue(gracePath, grace, 'must be greater than 0'));
  }
  if (runsToEnd && container.lifecycle !== undefined) {
    const detail = 'may not be set for init containers without restartPolicy=Always';
    errors.push(forbiddenField(path.child('lifecycle'), detail));
  }
}

type Handler = v1.ProbeHandler & v1.LifecycleHandler;

function checkHandler(errors: Errors, path: FieldPath, handler: Handler, kinds: readonly (keyof Handler)[]): void {
  const given = kinds.filter((kind) => handler[kind] !== undefined);
  if (given.length === 0) errors.push(required(path, 'must specify a handler type'));
  for (const kind of given.slice(1)) {
    errors.push(forbiddenField(path.child(kind), 'may not specify more than 1 handler type'));
  }
  const { exec, httpGet, tcpSocket, grpc } = handler;
  switch (given[0]) {
    case 'exec':
      if (!exec?.command?.length) errors.push(required(path.child('exec', 'command')));
      return;
    case 'httpGet': {
      const get = path.child('httpGet');
      if (!httpGet?.path) errors.push(required(get.child('path')));
      checkPort(errors, get.child('port'), httpGet?.port ?? 0);
      httpGet?.httpHeaders?.forEach(({ name }, index) => {
        addEach(errors, get.child('httpHeaders').index(index).child('name'), name, checkHttpHeaderName(name));
      });
      return;
    }
    case 'tcpSocket':
      checkPort(errors, path.child('tcpSocket', 'port'), tcpSocket?.port ?? 0);
      return;
    case 'grpc':
      checkPort(errors, path.child('grpc', 'port'), grpc?.port ?? 0);
  }
}

const maxId = 0xffff_ffff;

function checkSecurity(errors: Errors, path: FieldPath, security: v1.SecurityContext = {}): void {
  for (const name of ['runAsUser', 'runAsGroup'] as const) {
    const id = security[name];
    if (id !== undefined) addEach(errors, path.child(name), id, checkRange(id, 0, maxId));
  }
  if (security.allowPrivilegeEscalation !== false) return;
  const escalation = path.child('allowPrivilegeEscalation');
  if (security.privileged) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `privileged` to true';
    errors.push(invalidValue(escalation, false, detail));
  }
  if (security.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
    const detail = 'cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN';
    errors.push(invalidValue(escalation, false, detail));
  }
}
