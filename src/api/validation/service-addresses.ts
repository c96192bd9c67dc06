import { duplicate, fieldPath, invalidValue, notSupported } from '../field-errors.ts';
import type { v1 } from '../types/index.ts';
import { checkIp, ipVersion } from './addresses.ts';
import { type Errors, eachRepeated } from './checks.ts';

const spec = fieldPath('spec');
const list = spec.child('clusterIPs');
const families = ['IPv4', 'IPv6'];
const policies = ['PreferDualStack', 'RequireDualStack', 'SingleStack'];
const unchangeable = 'may not change once set';

/** Whether a Service has no address of its own, and its name means those of its pods. */
export function isHeadless({ clusterIP, clusterIPs }: v1.ServiceSpec): boolean {
  return clusterIPs === undefined ? clusterIP === 'None' : clusterIPs.length === 1 && clusterIPs[0] === 'None';
}

/** Of the addresses and address families of a Service that has any. */
export function checkClusterIps(errors: Errors, service: v1.ServiceSpec): void {
  const { type, clusterIP, ipFamilies = [], ipFamilyPolicy } = service;
  // Who writes a Service fills in the list.
  const clusterIPs = service.clusterIPs ?? (clusterIP ? [clusterIP] : []);
  if (isHeadless(service) && type !== 'ClusterIP') {
    errors.push(invalidValue(list.index(0), 'None', `may not be set to 'None' for ${type} services`));
  }
  if (!clusterIP && clusterIPs.length > 0) {
    errors.push(invalidValue(list, clusterIPs, 'must be empty when `clusterIP` is not specified'));
  } else if (clusterIP && clusterIPs[0] !== clusterIP) {
    errors.push(invalidValue(list, clusterIPs, 'first value must match `clusterIP`'));
  }
  const familyPath = spec.child('ipFamilies');
  ipFamilies.forEach((family, index) => {
    if (!families.includes(family)) errors.push(notSupported(familyPath.index(index), family, families));
  });
  eachRepeated(
    ipFamilies,
    (family) => family,
    (family, index) => errors.push(duplicate(familyPath.index(index), family)),
  );
  if (ipFamilyPolicy !== undefined && !policies.includes(ipFamilyPolicy)) {
    errors.push(notSupported(spec.child('ipFamilyPolicy'), ipFamilyPolicy, policies));
  }
  checkAddresses(errors, service, clusterIPs, ipFamilies);
}

function checkAddresses(
  errors: Errors,
  service: v1.ServiceSpec,
  addresses: readonly string[],
  ipFamilies: readonly string[],
): void {
  let valid = true;
  addresses.forEach((address, index) => {
    if (index > 0 || address !== 'None') valid = checkIp(errors, list.index(index), address) && valid;
    else if (addresses.length > 1) {
      valid = false;
      errors.push(invalidValue(list, addresses, "'None' must be the first and only value"));
    }
  });
  if (addresses.length > 2) errors.push(invalidValue(list, addresses, 'may only hold up to 2 values'));
  if (!valid) return;
  const versions = addresses.map(ipVersion);
  if (addresses.length > 1 && new Set(versions).size < 2) {
    errors.push(invalidValue(list, addresses, 'may specify no more than one IP for each IP family'));
  }
  if (isHeadless(service)) return;
  addresses.slice(0, ipFamilies.length).forEach((address, index) => {
    const family = ipFamilies[index]!;
    if (!families.includes(family) || family === `IPv${versions[index]}`) return;
    const detail = `expected an ${family} value as indicated by \`ipFamilies[${index}]\``;
    errors.push(invalidValue(list.index(index), address, detail));
  });
}

/** The first address and family stay; a second one may come, and go where the policy says that one is enough. */
export function checkClusterIpsUpdate(errors: Errors, service: v1.ServiceSpec, old: v1.ServiceSpec): void {
  if (service.type === 'ExternalName' || old.type === 'ExternalName') return;
  const headless = isHeadless(service);
  if (!headless || !isHeadless(old)) checkKept(errors, service, old, 'clusterIPs', 'clusterIP');
  if (!headless && !isHeadless(old)) checkKept(errors, service, old, 'ipFamilies', 'ipFamily');
}

function checkKept(
  errors: Errors,
  service: v1.ServiceSpec,
  old: v1.ServiceSpec,
  field: 'clusterIPs' | 'ipFamilies',
  item: string,
): void {
  const path = spec.child(field);
  const values: readonly string[] = service[field] ?? [];
  const before: readonly string[] = old[field] ?? [];
  if (values.length === before.length) {
    before.forEach((value, index) => {
      if (value === values[index]) return;
      errors.push(invalidValue(path.index(field === 'clusterIPs' ? index : 0), values, unchangeable));
    });
    return;
  }
  if (values.length === 0) errors.push(invalidValue(path.index(0), values, `primary ${item} can not be unset`));
  else if (before.length > 0 && values[0] !== before[0]) {
    errors.push(invalidValue(path.index(0), service.clusterIPs ?? [], unchangeable));
  }
  if (values.length < before.length && values.length === 1 && service.ipFamilyPolicy !== 'SingleStack') {
    const detail = `must be set to 'SingleStack' when releasing the secondary ${item}`;
    errors.push(invalidValue(spec.child('ipFamilyPolicy'), service.ipFamilyPolicy ?? null, detail));
  }
}
