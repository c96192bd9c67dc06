import { type FieldPath, fieldPath, required } from '../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkPortNumber, checkQualifiedName } from '../names.ts';
import type { v1 } from '../types/index.ts';
import { checkEndpointIp, checkIp } from './addresses.ts';
import { addEach, type Errors } from './checks.ts';
import { kindRules } from './rules.ts';

export const endpointsRules = kindRules<v1.Endpoints>({
  check({ subsets = [] }, errors) {
    for (const [index, subset] of subsets.entries()) checkSubset(errors, fieldPath('subsets').index(index), subset);
  },
});

function checkSubset(errors: Errors, path: FieldPath, subset: v1.EndpointSubset): void {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  if (addresses.length === 0 && notReadyAddresses.length === 0) {
    errors.push(required(path, 'must specify `addresses` or `notReadyAddresses`'));
  }
  for (const [name, list] of Object.entries({ addresses, notReadyAddresses })) {
    for (const [index, address] of list.entries()) checkAddress(errors, path.child(name).index(index), address);
  }
  ports.forEach(({ name, port = 0, appProtocol }, index) => {
    const item = path.child('ports').index(index);
    if (name) addEach(errors, item.child('name'), name, checkDns1123Label(name));
    else if (ports.length > 1) errors.push(required(item.child('name')));
    addEach(errors, item.child('port'), port, checkPortNumber(port));
    if (appProtocol !== undefined) {
      addEach(errors, item.child('appProtocol'), appProtocol, checkQualifiedName(appProtocol));
    }
  });
}

function checkAddress(errors: Errors, path: FieldPath, { ip, hostname, nodeName }: v1.EndpointAddress): void {
  if (ip && checkIp(errors, path.child('ip'), ip)) checkEndpointIp(errors, path.child('ip'), ip);
  if (hostname) addEach(errors, path.child('hostname'), hostname, checkDns1123Label(hostname));
  if (nodeName !== undefined) addEach(errors, path.child('nodeName'), nodeName, checkDns1123Subdomain(nodeName));
}
