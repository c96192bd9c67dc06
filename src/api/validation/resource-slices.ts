import { duplicate, type FieldPath, fieldPath, invalidValue, required, tooLong, tooMany } from '../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain } from '../names.ts';
import type { resourcev1 } from '../types/index.ts';
import { addEach, checkImmutable, type Errors, eachRepeated } from './checks.ts';
import { kindRules } from './rules.ts';

const spec = fieldPath('spec');
const maxDriverBytes = 63;
const maxPoolBytes = 253;
const maxDevices = 128;

export const resourceSliceRules = kindRules<resourcev1.ResourceSlice>({
  check({ spec: slice }, errors) {
    if (slice === undefined) return;
    const { driver, pool, nodeName, devices = [] } = slice;
    if (driver) checkDriverName(errors, spec.child('driver'), driver);
    checkPool(errors, spec.child('pool'), pool);
    if (nodeName !== undefined) {
      if (nodeName === '')
        errors.push(
          invalidValue(spec.child('nodeName'), nodeName, 'must be either unset or set to a non-empty string'),
        );
      else addEach(errors, spec.child('nodeName'), nodeName, checkDns1123Subdomain(nodeName));
    }
    checkPlace(errors, slice);
    const path = spec.child('devices');
    if (devices.length > maxDevices) errors.push(tooMany(path, devices.length, maxDevices));
    devices.forEach(({ name }, index) => {
      if (name) addEach(errors, path.index(index).child('name'), name, checkDns1123Label(name));
    });
    eachRepeated(
      devices,
      ({ name }) => name,
      ({ name }, index) => errors.push(duplicate(path.index(index).child('name'), name)),
    );
  },
  checkUpdate({ spec: slice }, { spec: old }, errors) {
    checkImmutable(errors, spec.child('driver'), slice?.driver, old?.driver);
    checkImmutable(errors, spec.child('pool', 'name'), slice?.pool?.name, old?.pool?.name);
    checkImmutable(errors, spec.child('nodeName'), slice?.nodeName ?? null, old?.nodeName ?? null);
  },
});

/** The name of a driver of devices, which is a domain that fits a label's length. */
export function checkDriverName(errors: Errors, path: FieldPath, name: string): void {
  if (name.length > maxDriverBytes) errors.push(tooLong(path, maxDriverBytes));
  addEach(errors, path, name, checkDns1123Subdomain(name));
}

function checkPool(errors: Errors, path: FieldPath, pool: resourcev1.ResourcePool | undefined): void {
  const { name = '', generation = 0, resourceSliceCount = 0 } = pool ?? {};
  if (name.length > maxPoolBytes) errors.push(tooLong(path.child('name'), maxPoolBytes));
  if (name) for (const part of name.split('/')) addEach(errors, path.child('name'), part, checkDns1123Subdomain(part));
  if (resourceSliceCount <= 0) {
    errors.push(invalidValue(path.child('resourceSliceCount'), resourceSliceCount, 'must be greater than zero'));
  }
  if (generation < 0) {
    errors.push(invalidValue(path.child('generation'), generation, 'must be greater than or equal to zero'));
  }
}

/** Devices are at one place, whichever way it is told. */
function checkPlace(errors: Errors, slice: resourcev1.ResourceSliceSpec): void {
  const { nodeName, nodeSelector, allNodes, perDeviceNodeSelection } = slice;
  const ways = {
    nodeName: nodeName !== undefined,
    nodeSelector: nodeSelector !== undefined,
    allNodes: allNodes === true,
    perDeviceNodeSelection: perDeviceNodeSelection === true,
  };
  const given = Object.entries(ways).flatMap(([name, used]) => (used ? [`\`${name}\``] : []));
  const rule = 'exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required';
  if (given.length === 0) errors.push(required(spec, rule));
  else if (given.length > 1)
    errors.push(invalidValue(spec, `{${given.join(', ')}}`, `${rule}, but multiple fields are set`));
}
