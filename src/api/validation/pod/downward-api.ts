import { type FieldPath, invalidValue, notSupported, required } from '../../field-errors.ts';
import { checkQualifiedName } from '../../names.ts';
import { formatQuantity, tryParseQuantity } from '../../quantity.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, checkGiven, type Errors } from '../checks.ts';

/** What of a pod an environment variable may hold. */
export const environmentFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];

/** What of a pod a file may hold. */
export const fileFields = [
  'metadata.annotations',
  'metadata.labels',
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
];

/** What the downward API knows of a pod at all; the rest is no field to it. */
const knownFields: ReadonlySet<string> = new Set([
  ...environmentFields,
  ...fileFields,
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.host',
  'status.phase',
]);

const subscripted = /^(.+?)\['(.*)'\]$/s;

/** A field of the pod, or one label or annotation: `metadata.labels['app']`. */
export function checkFieldRef(
  errors: Errors,
  path: FieldPath,
  { apiVersion, fieldPath }: v1.ObjectFieldSelector,
  supported: readonly string[],
): void {
  if (!checkGiven(errors, path.child('apiVersion'), apiVersion)) return;
  if (!checkGiven(errors, path.child('fieldPath'), fieldPath)) return;
  const [, map, key = ''] = subscripted.exec(fieldPath) ?? [];
  const problem = conversionProblem(apiVersion, fieldPath, map);
  if (problem !== undefined) {
    errors.push(invalidValue(path.child('fieldPath'), fieldPath, `error converting fieldPath: ${problem}`));
  } else if (map === 'metadata.annotations')
    addEach(errors, path, key.toLowerCase(), checkQualifiedName(key.toLowerCase()));
  else if (map === 'metadata.labels') addEach(errors, path, key, checkQualifiedName(key));
  else {
    // An old name of the field.
    const field = fieldPath === 'spec.host' ? 'spec.nodeName' : fieldPath;
    if (!supported.includes(field)) errors.push(notSupported(path.child('fieldPath'), field, supported));
  }
}

function conversionProblem(version: string, field: string, map: string | undefined): string | undefined {
  if (version !== 'v1') return `unsupported pod version: ${version}`;
  if (map !== undefined) {
    const known = map === 'metadata.annotations' || map === 'metadata.labels';
    return known ? undefined : `field label does not support subscript: ${field}`;
  }
  return knownFields.has(field) ? undefined : `field label not supported: ${field}`;
}

const amounts = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const hugePages = /^(?:limits|requests)\.hugepages-/;
const cpuDivisors: ReadonlySet<string> = new Set(['1m', '1']);
const byteDivisors = ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'];

/** An amount that a container requests or is limited to; a file has to name the container. */
export function checkResourceRef(
  errors: Errors,
  path: FieldPath,
  { containerName, resource, divisor }: v1.ResourceFieldSelector,
  isFile: boolean,
): void {
  if (isFile && !containerName) errors.push(required(path.child('containerName')));
  else if (!resource) errors.push(required(path.child('resource')));
  else if (!amounts.includes(resource) && !hugePages.test(resource)) {
    errors.push(notSupported(path.child('resource'), resource, amounts));
  }
  if (divisor === undefined) return;
  const problem = divisorProblem(resource, divisor);
  if (problem !== undefined) errors.push(invalidValue(path.child('divisor'), resource, problem));
}

function divisorProblem(resource: string, divisor: string | number): string | undefined {
  const quantity = tryParseQuantity(divisor);
  if ('error' in quantity) return quantity.error;
  if (quantity.nanos === 0n) return undefined;
  const text = formatQuantity(quantity);
  const [, name = ''] = /^(?:limits|requests)\.(.*)$/.exec(resource) ?? [];
  if (name === 'cpu') {
    return cpuDivisors.has(text) ? undefined : "only divisor's values 1m and 1 are supported with the cpu resource";
  }
  const title =
    name === 'memory'
      ? 'memory'
      : name === 'ephemeral-storage'
        ? 'local ephemeral storage'
        : name.startsWith('hugepages-')
          ? 'hugepages'
          : undefined;
  if (title === undefined || byteDivisors.includes(text)) return undefined;
  return `only divisor's values ${byteDivisors.join(', ')} are supported with the ${title} resource`;
}
