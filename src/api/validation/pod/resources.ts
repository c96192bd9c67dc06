import {
  duplicate,
  type FieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  valueNotFound,
} from '../../field-errors.ts';
import { checkDns1123Label, checkQualifiedName } from '../../names.ts';
import { compareQuantities, parseQuantity, type Quantity, quantityProblem } from '../../quantity.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, type Errors, negativeText } from '../checks.ts';
import {
  containerNames,
  hugePages,
  isExtended,
  isHugePages,
  isNative,
  isOvercommittable,
  nanosInOne,
  standardNames,
} from '../resource-names.ts';

type Amounts = Readonly<Record<string, string | number>>;
type NameCheck = (errors: Errors, path: FieldPath, name: string) => void;

const podResources = ['cpu', hugePages, 'memory'];

/** Of a container. `claimNames`: those of the pod's resource claims. */
export function checkContainerResources(
  errors: Errors,
  path: FieldPath,
  resources: v1.ResourceRequirements,
  claimNames: ReadonlySet<string>,
): void {
  checkRequirements(errors, path, resources, checkContainerName);
  if (resources.claims !== undefined) checkClaimNames(errors, path.child('claims'), resources.claims, claimNames);
}

/** Of a pod as a whole, apart from what its containers ask for. */
export function checkPodRequirements(errors: Errors, path: FieldPath, resources: v1.ResourceRequirements): void {
  checkRequirements(errors, path, resources, checkPodName);
}

function checkRequirements(
  errors: Errors,
  path: FieldPath,
  { limits, requests }: v1.ResourceRequirements,
  checkName: NameCheck,
): void {
  if (limits !== undefined) {
    for (const name of Object.keys(limits)) {
      checkAmount(errors, path.child('limits').key(name), name, limits[name]!, checkName);
    }
  }
  if (requests !== undefined) {
    for (const name of Object.keys(requests)) checkRequest(errors, path, name, requests[name]!, limits, checkName);
  }
  const names = [...Object.keys(limits ?? {}), ...Object.keys(requests ?? {})];
  if (names.some(isHugePages) && !names.some((name) => name === 'cpu' || name === 'memory')) {
    errors.push(forbiddenField(path, 'HugePages require cpu or memory'));
  }
}

function checkRequest(
  errors: Errors,
  path: FieldPath,
  name: string,
  amount: string | number,
  limits: Amounts | undefined,
  checkName: NameCheck,
): void {
  checkAmount(errors, path.child('requests').key(name), name, amount, checkName);
  const limit = limits?.[name];
  if (limit === undefined) {
    if (!isOvercommittable(name)) {
      errors.push(required(path.child('limits'), 'Limit must be set for non overcommitable resources'));
    }
    return;
  }
  if (limit === amount || isUnreadable(amount) || isUnreadable(limit)) return;
  const order = compareQuantities(parseQuantity(amount), parseQuantity(limit));
  if (order !== 0 && !isOvercommittable(name)) {
    errors.push(invalidValue(path.child('requests'), String(amount), `must be equal to ${name} limit of ${limit}`));
  } else if (order > 0) {
    const detail = `must be less than or equal to ${name} limit of ${limit}`;
    errors.push(invalidValue(path.child('requests'), String(amount), detail));
  }
}

function isUnreadable(amount: string | number): boolean {
  return quantityProblem(amount) !== undefined;
}

function checkAmount(
  errors: Errors,
  path: FieldPath,
  name: string,
  amount: string | number,
  checkName: NameCheck,
): void {
  if (name !== 'cpu' && name !== 'memory') checkName(errors, path, name);
  const problem = quantityProblem(amount);
  if (problem !== undefined) {
    errors.push(invalidValue(path, amount, problem));
    return;
  }
  const quantity = parseQuantity(amount);
  if (quantity.nanos < 0n) errors.push(invalidValue(path, String(amount), negativeText));
  if (isExtended(name) && quantity.nanos % nanosInOne !== 0n) {
    errors.push(invalidValue(path, String(amount), 'must be an integer'));
  }
  if (isHugePages(name) && !isWholePages(name, quantity)) {
    errors.push(invalidValue(path, String(amount), `${amount} is not positive integer multiple of ${name}`));
  }
}

function isWholePages(name: string, { nanos }: Quantity): boolean {
  const size = name.slice(hugePages.length);
  if (quantityProblem(size) !== undefined) return false;
  const page = parseQuantity(size).nanos;
  return page > 0n && page % nanosInOne === 0n && nanos % page === 0n;
}

function checkNameItself(errors: Errors, path: FieldPath, name: string): boolean {
  const problems = checkQualifiedName(name);
  addEach(errors, path, name, problems);
  if (problems.length > 0) return false;
  if (name.includes('/') || standardNames.has(name) || isHugePages(name)) return true;
  errors.push(invalidValue(path, name, 'must be a standard resource type or fully qualified'));
  return false;
}

function checkContainerName(errors: Errors, path: FieldPath, name: string): void {
  checkNameItself(errors, path, name);
  if (!name.includes('/')) {
    if (!containerNames.has(name) && !isHugePages(name)) {
      errors.push(invalidValue(path, name, 'must be a standard resource for containers'));
    }
  } else if (!isNative(name) && !isExtended(name)) {
    errors.push(invalidValue(path, name, "doesn't follow extended resource name standard"));
  }
}

function checkPodName(errors: Errors, path: FieldPath, name: string): void {
  if (!checkNameItself(errors, path, name)) return;
  if (name !== 'cpu' && name !== 'memory' && !isHugePages(name)) errors.push(notSupported(path, name, podResources));
}

function checkClaimNames(
  errors: Errors,
  path: FieldPath,
  claims: readonly v1.ResourceClaim[],
  claimNames: ReadonlySet<string>,
): void {
  const whole = new Set<string>();
  const parts = new Set<string>();
  for (const [index, { name, request }] of claims.entries()) {
    const item = path.index(index);
    if (!name) {
      errors.push(required(item));
      continue;
    }
    // Once a claim as a whole is used, each of its requests is.
    if (whole.has(name)) errors.push(duplicate(item, name));
    else if (request) {
      addEach(errors, item.child('request'), request, checkDns1123Label(request));
      const key = `${name}/${request}`;
      if (parts.has(key)) errors.push(duplicate(item, key));
      parts.add(key);
    } else {
      for (const key of parts) if (key.startsWith(`${name}/`)) errors.push(duplicate(item, name));
      whole.add(name);
    }
    if (claimNames.has(name)) continue;
    const known = claimNames.size === 0 ? ' which is empty' : `: ${[...claimNames].sort().join(', ')}`;
    const detail = `must be one of the names in pod.spec.resourceClaims${known}`;
    errors.push({ ...valueNotFound(item, name), detail });
  }
}
