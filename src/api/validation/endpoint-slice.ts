import { duplicate, type FieldPath, fieldPath, invalidValue, required, tooMany } from '../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkLabelValue, checkQualifiedName } from '../names.ts';
import type { discoveryv1 } from '../types/index.ts';
import { checkEndpointIp, checkIp, ipVersion } from './addresses.ts';
import { addEach, checkImmutable, checkLabels, type Errors, eachRepeated } from './checks.ts';
import { kindRules } from './rules.ts';

const maxEndpoints = 1000;
const maxAddresses = 100;
const maxPorts = 20_000;
const maxTopologyLabels = 16;
const maxHints = 8;

export const endpointSliceRules = kindRules<discoveryv1.EndpointSlice>({
  check({ addressType, ...given }, errors) {
    // Lists that have to be there are null where they aren't given.
    const endpoints = given.endpoints ?? [];
    const path = fieldPath('endpoints');
    if (endpoints.length > maxEndpoints) errors.push(tooMany(path, endpoints.length, maxEndpoints));
    else for (const [index, each] of endpoints.entries()) checkEndpoint(errors, path.index(index), each, addressType);
    checkPorts(errors, fieldPath('ports'), given.ports ?? []);
  },
  checkUpdate({ addressType }, old, errors) {
    checkImmutable(errors, fieldPath('addressType'), addressType, old.addressType);
  },
});

function checkEndpoint(errors: Errors, path: FieldPath, endpoint: discoveryv1.Endpoint, addressType: string): void {
  const addresses = endpoint.addresses ?? [];
  const list = path.child('addresses');
  if (addresses.length === 0) errors.push(required(list, 'must contain at least 1 address'));
  else if (addresses.length > maxAddresses) errors.push(tooMany(list, addresses.length, maxAddresses));
  for (const [index, address] of addresses.entries()) checkAddress(errors, list.index(index), address, addressType);
  const { nodeName, hostname, hints, deprecatedTopology = {} } = endpoint;
  if (nodeName !== undefined) addEach(errors, path.child('nodeName'), nodeName, checkDns1123Subdomain(nodeName));
  const topology = path.child('deprecatedTopology');
  const labels = Object.keys(deprecatedTopology).length;
  if (labels > maxTopologyLabels) errors.push(tooMany(topology, labels, maxTopologyLabels));
  checkLabels(errors, topology, deprecatedTopology);
  if (hostname !== undefined) addEach(errors, path.child('hostname'), hostname, checkDns1123Label(hostname));
  checkHints(errors, path.child('hints', 'forZones'), hints?.forZones ?? [], checkLabelValue);
  checkHints(errors, path.child('hints', 'forNodes'), hints?.forNodes ?? [], checkDns1123Subdomain);
}

function checkAddress(errors: Errors, path: FieldPath, address: string, addressType: string): void {
  if (addressType === 'FQDN') checkDomain(errors, path, address);
  else if ((addressType === 'IPv4' || addressType === 'IPv6') && checkIp(errors, path, address)) {
    if (addressType !== `IPv${ipVersion(address)}`) {
      errors.push(invalidValue(path, address, `must be an ${addressType} address`));
    }
    checkEndpointIp(errors, path, address);
  }
}

function checkDomain(errors: Errors, path: FieldPath, given: string): void {
  if (given === '') {
    errors.push(required(path));
    return;
  }
  const name = given.replace(/\.$/, '');
  const problems = checkDns1123Subdomain(name);
  addEach(errors, path, name, problems);
  if (problems.length === 0 && !name.includes('.')) {
    errors.push(invalidValue(path, name, 'should be a domain with at least two segments separated by dots'));
  }
}

function checkHints(
  errors: Errors,
  path: FieldPath,
  hints: readonly discoveryv1.ForZone[],
  check: (name: string) => string[],
): void {
  if (hints.length > maxHints) {
    errors.push(tooMany(path, hints.length, maxHints));
    return;
  }
  for (const [index, { name = '' }] of hints.entries())
    addEach(errors, path.index(index).child('name'), name, check(name));
  eachRepeated(
    hints,
    ({ name }) => name,
    ({ name }, index) => errors.push(duplicate(path.index(index).child('name'), name)),
  );
}

function checkPorts(errors: Errors, path: FieldPath, ports: readonly discoveryv1.EndpointPort[]): void {
  if (ports.length > maxPorts) {
    errors.push(tooMany(path, ports.length, maxPorts));
    return;
  }
  ports.forEach(({ name, appProtocol }, index) => {
    const item = path.index(index);
    if (name) addEach(errors, item.child('name'), name, checkDns1123Label(name));
    if (appProtocol !== undefined) {
      addEach(errors, item.child('appProtocol'), appProtocol, checkQualifiedName(appProtocol));
    }
  });
  eachRepeated(
    ports.length > 1 ? ports : [],
    // A port without a name is one as well, of which there can be only one.
    ({ name }) => `/${name ?? ''}`,
    ({ name }, index) => errors.push(duplicate(path.index(index).child('name'), name ?? '')),
  );
}
