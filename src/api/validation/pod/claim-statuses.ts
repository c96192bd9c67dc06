import { duplicate, type FieldPath, invalidValue, required } from '../../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain } from '../../names.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, checkGiven, type Errors } from '../checks.ts';

/** Which claims of devices stand for those that the pod asks for. */
export function checkClaimStatuses(
  errors: Errors,
  path: FieldPath,
  statuses: readonly v1.PodResourceClaimStatus[],
  { resourceClaims = [] }: v1.PodSpec,
): void {
  const names = new Set<string>();
  for (const [index, { name, resourceClaimName: claim }] of statuses.entries()) {
    const at = path.index(index).child('name');
    if (!resourceClaims.some((one) => one.name === name)) {
      errors.push(invalidValue(at, name, 'must match the name of an entry in `spec.resourceClaims`'));
    }
    if (names.has(name)) errors.push(duplicate(at, name));
    names.add(name);
    if (claim !== undefined) addEach(errors, at, claim, checkDns1123Subdomain(claim));
  }
}

/** The claim that was made for what containers ask for by the names of extended resources. */
export function checkExtendedClaim(
  errors: Errors,
  path: FieldPath,
  { requestMappings, resourceClaimName: claim }: v1.PodExtendedResourceClaimStatus,
  { containers, initContainers = [] }: v1.PodSpec,
): void {
  // Lists that have to be there are null where they aren't given.
  const mappings = requestMappings ?? [];
  const list = path.child('requestMappings');
  if (mappings.length === 0) errors.push(required(list, 'at least one request mapping is required'));
  const all = [...initContainers, ...(containers ?? [])];
  const seen = new Set<string>();
  for (const [index, { containerName, resourceName, requestName = '' }] of mappings.entries()) {
    const item = list.index(index);
    const container = all.find(({ name }) => name === containerName);
    if (container === undefined) {
      const detail = 'must match the name of an entry in spec.initContainers.name or spec.containers.name';
      errors.push(invalidValue(item.child('containerName'), containerName ?? '', detail));
    } else if (container.resources?.requests?.[resourceName] === undefined) {
      const detail =
        'must match the extended resource name of an entry in spec.initContainers.resources.requests or spec.containers.resources.requests';
      errors.push(invalidValue(item.child('resourceName'), resourceName ?? '', detail));
    }
    addEach(errors, path.child('requestName'), requestName, checkDns1123Label(requestName));
    const key = `${containerName}/${resourceName}/${requestName}`;
    if (seen.has(key)) {
      for (const [field, value] of Object.entries({ containerName, resourceName, requestName })) {
        errors.push(duplicate(item.child(field), value));
      }
    }
    seen.add(key);
  }
  const name = path.child('resourceClaimName');
  if (checkGiven(errors, name, claim)) addEach(errors, name, claim, checkDns1123Subdomain(claim));
}
