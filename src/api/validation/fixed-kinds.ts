import { isIPv4, isIPv6 } from 'node:net';
import { duplicate, type FieldPath, fieldPath, invalidValue, required, tooMany } from '../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkPortName, checkQualifiedName, checkRange } from '../names.ts';
import { equalPlain } from '../plain.ts';
import type { appsv1, discoveryv1, nodev1 } from '../types/index.ts';
import { addEach, checkImmutable, checkLabels, checkNonNegative, type Errors, eachRepeated } from './checks.ts';
import { checkTolerations } from './placement.ts';
import { type KindRules, kindRules } from './rules.ts';

const maxEndpoints = 1000;
const maxAddresses = 100;
const maxEndpointPorts = 20_000;
const maxSubsetPort = 65535;

/** Rules of kinds of which one field says what the object is, and so stays. */
export const fixedKindRules: Readonly<Record<string, KindRules>> = {
  'RuntimeClass.node.k8s.io': kindRules<nodev1.RuntimeClass>({
    check({ handler, scheduling }, errors) {
      if (handler) addEach(errors, fieldPath('handler'), handler, checkDns1123Label(handler));
      if (scheduling === undefined) return;
      const path = fieldPath('scheduling');
      checkLabels(errors, path.child('nodeSelector'), scheduling.nodeSelector);
      const { tolerations = [] } = scheduling;
      checkTolerations(errors, path.child('tolerations'), tolerations);
      tolerations.forEach((toleration, index) => {
        if (!tolerations.slice(0, index).some((other) => equalPlain(other, toleration))) return;
        errors.push(duplicate(path.child('tolerations').index(index), toleration));
      });
    },
    checkUpdate({ handler }, old, errors) {
      checkImmutable(errors, fieldPath('handler'), handler, old.handler);
    },
  }),
  'ControllerRevision.apps': kindRules<appsv1.ControllerRevision>({
    check({ data, revision }, errors) {
      if (data === undefined || data === null) errors.push(required(fieldPath('data'), 'data is mandatory'));
      checkNonNegative(errors, fieldPath('revision'), revision);
    },
    checkUpdate({ data }, old, errors) {
      checkImmutable(errors, fieldPath('data'), data, old.data);
    },
  }),
  'EndpointSlice.discovery.k8s.io': kindRules<discoveryv1.EndpointSlice>({
    check({ addressType, ...given }, errors) {
      // Lists that have to be there are null where they aren't given.
      const endpoints = given.endpoints ?? [];
      const ports = given.ports ?? [];
      const path = fieldPath('endpoints');
      if (endpoints.length > maxEndpoints) errors.push(tooMany(path, endpoints.length, maxEndpoints));
      endpoints.forEach((endpoint, index) => {
        checkEndpoint(errors, path.index(index), endpoint, addressType);
      });
      if (ports.length > maxEndpointPorts) errors.push(tooMany(fieldPath('ports'), ports.length, maxEndpointPorts));
      checkPorts(errors, fieldPath('ports'), ports);
    },
    checkUpdate({ addressType }, old, errors) {
      checkImmutable(errors, fieldPath('addressType'), addressType, old.addressType);
    },
  }),
};

function checkEndpoint(errors: Errors, path: FieldPath, endpoint: discoveryv1.Endpoint, addressType: string): void {
  const addresses = endpoint.addresses ?? [];
  const list = path.child('addresses');
  if (addresses.length > maxAddresses) errors.push(tooMany(list, addresses.length, maxAddresses));
  addresses.forEach((address, index) => {
    if (addressType === 'IPv4' && !isIPv4(address)) {
      errors.push(invalidValue(list.index(index), address, 'must be a valid IPv4 address'));
    } else if (addressType === 'IPv6' && !isIPv6(address)) {
      errors.push(invalidValue(list.index(index), address, 'must be a valid IPv6 address'));
    } else if (addressType === 'FQDN') addEach(errors, list.index(index), address, checkDns1123Subdomain(address));
  });
  const { nodeName, hostname } = endpoint;
  if (nodeName) addEach(errors, path.child('nodeName'), nodeName, checkDns1123Subdomain(nodeName));
  if (hostname) addEach(errors, path.child('hostname'), hostname, checkDns1123Label(hostname));
}

function checkPorts(errors: Errors, path: FieldPath, ports: readonly discoveryv1.EndpointPort[]): void {
  ports.forEach(({ name, port, appProtocol }, index) => {
    const item = path.index(index);
    if (name) addEach(errors, item.child('name'), name, checkPortName(name));
    if (port !== undefined && port !== null) {
      addEach(errors, item.child('port'), port, checkRange(port, 1, maxSubsetPort));
    }
    if (appProtocol) addEach(errors, item.child('appProtocol'), appProtocol, checkQualifiedName(appProtocol));
  });
  eachRepeated(
    ports.length > 1 ? ports : [],
    // A port without a name is one as well, of which there can be only one.
    ({ name }) => `/${name ?? ''}`,
    ({ name }, index) => errors.push(duplicate(path.index(index).child('name'), name ?? '')),
  );
}
