import { isIP } from 'node:net';
import { duplicate, fieldPath, forbiddenField, invalidValue, required } from '../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkPortNumber, checkRange } from '../names.ts';
import type { v1 } from '../types/index.ts';
import { addEach, checkLabels, checkPort, type Errors, eachRepeated } from './checks.ts';
import { kindRules } from './rules.ts';

const path = fieldPath('spec');
const addressText = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const maxAffinitySeconds = 86_400;

export const serviceRules = kindRules<v1.Service>({
  check({ spec }, errors) {
    if (spec === undefined) return;
    checkLabels(errors, path.child('selector'), spec.selector);
    checkPorts(spec, errors);
    if (spec.type === 'ExternalName') checkExternalName(spec, errors);
    else checkAddresses(spec, errors);
    checkAffinityConfig(spec, errors);
    spec.externalIPs?.forEach((address, index) => {
      if (!isIP(address)) errors.push(invalidValue(path.child('externalIPs').index(index), address, addressText));
    });
  },
  checkUpdate({ spec }, { spec: old }, errors) {
    if (spec === undefined || old === undefined || spec.type === 'ExternalName' || old.type === 'ExternalName') return;
    const [address, before] = [spec.clusterIPs?.[0] ?? spec.clusterIP, old.clusterIPs?.[0] ?? old.clusterIP];
    if (!before || address === before) return;
    if (!address) {
      errors.push(
        invalidValue(path.child('clusterIPs').index(0), spec.clusterIPs ?? [], 'primary clusterIP can not be unset'),
      );
    } else {
      errors.push(
        invalidValue(path.child('clusterIPs').index(0), spec.clusterIPs ?? [address], 'may not change once set'),
      );
    }
  },
});

function isHeadless({ clusterIP, clusterIPs }: v1.ServiceSpec): boolean {
  return clusterIP === 'None' || clusterIPs?.[0] === 'None';
}

function checkPorts(spec: v1.ServiceSpec, errors: Errors): void {
  const { ports = [], type } = spec;
  const all = path.child('ports');
  if (ports.length === 0 && !isHeadless(spec) && type !== 'ExternalName') errors.push(required(all));
  ports.forEach(({ name, port, targetPort, nodePort, appProtocol: _ }, index) => {
    const item = all.index(index);
    if (name) addEach(errors, item.child('name'), name, checkDns1123Label(name));
    else if (ports.length > 1) errors.push(required(item.child('name')));
    addEach(errors, item.child('port'), port, checkPortNumber(port));
    if (targetPort !== undefined) checkPort(errors, item.child('targetPort'), targetPort);
    if (nodePort && type === 'ClusterIP') {
      errors.push(forbiddenField(item.child('nodePort'), "may not be used when `type` is 'ClusterIP'"));
    }
    if (nodePort) addEach(errors, item.child('nodePort'), nodePort, checkPortNumber(nodePort));
  });
  eachRepeated(
    ports,
    ({ name }) => name,
    ({ name }, index) => errors.push(duplicate(all.index(index).child('name'), name)),
  );
  eachRepeated(
    ports,
    ({ port, protocol }) => `${protocol}/${port}`,
    ({ port, protocol }, index) => errors.push(duplicate(all.index(index), { protocol, port })),
  );
  eachRepeated(
    ports,
    ({ nodePort, protocol }) => (nodePort ? `${protocol}/${nodePort}` : undefined),
    ({ nodePort, protocol }, index) => {
      errors.push(duplicate(all.index(index).child('nodePort'), { protocol, nodePort }));
    },
  );
}

function checkExternalName(spec: v1.ServiceSpec, errors: Errors): void {
  if (spec.clusterIP || spec.clusterIPs?.length) {
    errors.push(forbiddenField(path.child('clusterIPs'), 'may not be set for ExternalName services'));
  }
  const name = spec.externalName?.replace(/\.$/, '');
  if (!name) errors.push(required(path.child('externalName')));
  else addEach(errors, path.child('externalName'), spec.externalName, checkDns1123Subdomain(name));
}

function checkAddresses(spec: v1.ServiceSpec, errors: Errors): void {
  const addresses = spec.clusterIPs ?? (spec.clusterIP ? [spec.clusterIP] : []);
  const list = path.child('clusterIPs');
  if (isHeadless(spec)) {
    if (spec.type !== 'ClusterIP') {
      errors.push(invalidValue(list.index(0), 'None', `may not be set to 'None' for ${spec.type} services`));
    }
    if (addresses.length > 1) errors.push(invalidValue(list, addresses, "'None' must be the first and only value"));
    return;
  }
  addresses.forEach((address, index) => {
    if (!isIP(address)) errors.push(invalidValue(list.index(index), address, addressText));
  });
  if (spec.clusterIP && spec.clusterIPs?.length && spec.clusterIPs[0] !== spec.clusterIP) {
    errors.push(invalidValue(list, spec.clusterIPs, 'first value must match `clusterIP`'));
  }
}

function checkAffinityConfig({ sessionAffinity, sessionAffinityConfig }: v1.ServiceSpec, errors: Errors): void {
  const timeout = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (sessionAffinity !== 'ClientIP' || timeout === undefined) return;
  if (checkRange(timeout, 1, maxAffinitySeconds).length > 0) {
    const detail = `must be greater than 0 and less than ${maxAffinitySeconds}`;
    errors.push(invalidValue(path.child('sessionAffinityConfig', 'clientIP', 'timeoutSeconds'), timeout, detail));
  }
}
