import { type FieldPath, invalidValue } from '../field-errors.ts';
import { checkQualifiedName } from '../names.ts';
import { compareQuantities, tryParseQuantity, zeroQuantity } from '../quantity.ts';
import { addEach, type Errors, negativeText } from './checks.ts';

export const hugePages = 'hugepages-';
const attachable = 'attachable-volumes-';

const container = ['cpu', 'memory', 'ephemeral-storage'];
const counted = [
  'pods',
  'services',
  'resourcequotas',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
];
const requested = ['requests.cpu', 'requests.memory', 'requests.ephemeral-storage', 'requests.storage'];
const limited = ['limits.cpu', 'limits.memory', 'limits.ephemeral-storage'];

export const containerNames: ReadonlySet<string> = new Set(container);
const quotaNames: ReadonlySet<string> = new Set([...container, ...requested, ...limited, ...counted]);
/** Names without a domain that mean something somewhere in the API. */
export const standardNames: ReadonlySet<string> = new Set([...quotaNames, 'storage']);
const integerNames: ReadonlySet<string> = new Set(counted);

export const nanosInOne = 1_000_000_000n;

export const isHugePages = (name: string): boolean => name.startsWith(hugePages);
/** Whether the name is Kubernetes' own: without a domain, or in its. */
export const isNative = (name: string): boolean => !name.includes('/') || name.includes('kubernetes.io/');

export function isExtended(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && checkQualifiedName(`requests.${name}`).length === 0;
}

/** Whether more of it may be promised than there is. */
export function isOvercommittable(name: string): boolean {
  return isNative(name) && !isHugePages(name);
}

/** Whether a quota may name it without a domain. */
export function isQuotaName(name: string): boolean {
  return quotaNames.has(name) || isHugePages(name) || name.startsWith(`requests.${hugePages}`);
}

/** The name of anything that there can be more or less of; false if it is none. */
export function checkResourceName(errors: Errors, path: FieldPath, name: string): boolean {
  const problems = checkQualifiedName(name);
  addEach(errors, path, name, problems);
  if (problems.length > 0) return false;
  if (name.includes('/') || standardNames.has(name) || isQuotaName(name)) return true;
  errors.push(invalidValue(path, name, 'must be a standard resource type or fully qualified'));
  return true;
}

export function checkContainerResourceName(errors: Errors, path: FieldPath, name: string): void {
  checkResourceName(errors, path, name);
  if (!name.includes('/')) {
    if (containerNames.has(name) || isHugePages(name)) return;
    errors.push(invalidValue(path, name, 'must be a standard resource for containers'));
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalidValue(path, name, "doesn't follow extended resource name standard"));
  }
}

export function checkQuotaResourceName(errors: Errors, path: FieldPath, name: string): void {
  checkResourceName(errors, path, name);
  if (name.includes('/') || isQuotaName(name)) return;
  errors.push(invalidValue(path, name, 'must be a standard resource for quota'));
}

/** An amount of it: not negative, and whole if it is something counted. */
export function checkResourceAmount(errors: Errors, path: FieldPath, name: string, amount: string | number): void {
  const quantity = tryParseQuantity(amount);
  if ('error' in quantity) {
    errors.push(invalidValue(path, amount, quantity.error));
    return;
  }
  if (compareQuantities(quantity, zeroQuantity) < 0) errors.push(invalidValue(path, String(amount), negativeText));
  const whole = integerNames.has(name) || name.startsWith(attachable) || isExtended(name);
  if (whole && quantity.nanos % nanosInOne !== 0n) {
    errors.push(invalidValue(path, String(amount), 'must be an integer'));
  }
}
