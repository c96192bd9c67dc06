import { type FieldPath, forbiddenField, invalidValue, notSupported, required } from '../../field-errors.ts';
import { checkHttpHeaderName } from '../../names.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, checkNonNegative, checkPort, type Errors } from '../checks.ts';

type Handler = v1.ProbeHandler & v1.LifecycleHandler;
type Kind = keyof Handler;

const probeKinds = ['exec', 'httpGet', 'tcpSocket', 'grpc'] as const satisfies readonly Kind[];
const hookKinds = ['exec', 'httpGet', 'tcpSocket', 'sleep'] as const satisfies readonly Kind[];
const schemes = ['HTTP', 'HTTPS'];
const probeNames = ['livenessProbe', 'readinessProbe', 'startupProbe'] as const;
const counts = [
  'initialDelaySeconds',
  'timeoutSeconds',
  'periodSeconds',
  'successThreshold',
  'failureThreshold',
] as const;

/** Of a container that is probed and has hooks. `grace`: how long it has to end, if that is known. */
export function checkHandlers(
  errors: Errors,
  path: FieldPath,
  container: v1.Container,
  grace: number | undefined,
): void {
  const { lifecycle } = container;
  for (const name of ['postStart', 'preStop'] as const) {
    const hook = lifecycle?.[name];
    if (hook !== undefined) checkHandler(errors, path.child('lifecycle', name), hook, hookKinds, grace);
  }
  for (const name of probeNames) {
    const probe = container[name];
    if (probe !== undefined) checkProbe(errors, path.child(name), probe, name, grace);
  }
}

/** Of a container that ends before the pod's main containers start. */
export function checkNoHandlers(errors: Errors, path: FieldPath, container: v1.Container): void {
  for (const name of ['lifecycle', ...probeNames] as const) {
    if (container[name] === undefined) continue;
    errors.push(forbiddenField(path.child(name), 'may not be set for init containers without restartPolicy=Always'));
  }
}

function checkProbe(
  errors: Errors,
  path: FieldPath,
  probe: v1.Probe,
  name: (typeof probeNames)[number],
  grace: number | undefined,
): void {
  checkHandler(errors, path, probe, probeKinds, grace);
  for (const count of counts) checkNonNegative(errors, path.child(count), probe[count]);
  const own = probe.terminationGracePeriodSeconds;
  const ownPath = path.child('terminationGracePeriodSeconds');
  if (own !== undefined && own <= 0) errors.push(invalidValue(ownPath, own, 'must be greater than 0'));
  if (name === 'readinessProbe') {
    if (own !== undefined) errors.push(invalidValue(ownPath, own, 'must not be set for readinessProbes'));
  } else if (probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    errors.push(invalidValue(path.child('successThreshold'), probe.successThreshold, 'must be 1'));
  }
}

function checkHandler(
  errors: Errors,
  path: FieldPath,
  handler: Handler,
  kinds: readonly Kind[],
  grace: number | undefined,
): void {
  let found = false;
  for (const kind of kinds) {
    if (handler[kind] === undefined) continue;
    if (found) errors.push(forbiddenField(path.child(kind), 'may not specify more than 1 handler type'));
    else checkAction(errors, path.child(kind), handler, kind, grace);
    found = true;
  }
  if (!found) errors.push(required(path, 'must specify a handler type'));
}

function checkAction(
  errors: Errors,
  path: FieldPath,
  { exec, httpGet, tcpSocket, grpc, sleep }: Handler,
  kind: Kind,
  grace: number | undefined,
): void {
  switch (kind) {
    case 'exec':
      if (!exec?.command?.length) errors.push(required(path.child('command')));
      return;
    case 'httpGet':
      checkGet(errors, path, httpGet!);
      return;
    case 'tcpSocket':
      checkPort(errors, path.child('port'), tcpSocket?.port ?? 0);
      return;
    case 'grpc':
      checkPort(errors, path.child('port'), grpc?.port ?? 0);
      return;
    case 'sleep': {
      const seconds = sleep?.seconds ?? 0;
      if (grace === undefined || (seconds >= 0 && seconds <= grace)) return;
      const detail = `must be non-negative and less than terminationGracePeriodSeconds (${grace})`;
      errors.push(invalidValue(path, seconds, detail));
    }
  }
}

function checkGet(errors: Errors, path: FieldPath, get: v1.HTTPGetAction): void {
  if (!get.path) errors.push(required(path.child('path')));
  checkPort(errors, path.child('port'), get.port ?? 0);
  const { scheme = '' } = get;
  if (!schemes.includes(scheme)) errors.push(notSupported(path.child('scheme'), scheme, schemes));
  for (const { name = '' } of get.httpHeaders ?? []) {
    addEach(errors, path.child('httpHeaders'), name, checkHttpHeaderName(name));
  }
}
