import {
  duplicate,
  type FieldPath,
  fieldPath,
  invalidValue,
  notSupported,
  required,
  tooLong,
  tooMany,
} from '../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain } from '../names.ts';
import { isPlainObject } from '../plain.ts';
import type { resourcev1 } from '../types/index.ts';
import { addEach, checkImmutable, type Errors, eachRepeated } from './checks.ts';
import { checkDriverName } from './resource-slices.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
const maxRequests = 32;
const maxAlternatives = 8;
const maxSelectors = 32;
const maxExpressionBytes = 10 * 1024;
const maxParameterBytes = 10 * 1024;

/** Rules of what asks for devices, by kind and group; what expressions mean is the allocator's matter. */
export const deviceClaimRules: Readonly<Record<string, KindRules>> = {
  'ResourceClaim.resource.k8s.io': kindRules<resourcev1.ResourceClaim>({
    checkCreate: ({ spec: claim }, errors) => checkDevices(errors, spec.child('devices'), claim?.devices),
    checkUpdate: ({ spec: claim }, old, errors) => checkImmutable(errors, spec, claim ?? {}, old.spec ?? {}),
  }),
  'ResourceClaimTemplate.resource.k8s.io': kindRules<resourcev1.ResourceClaimTemplate>({
    checkCreate({ spec: template }, errors) {
      checkDevices(errors, spec.child('spec', 'devices'), template?.spec?.devices);
    },
    checkUpdate: ({ spec: template }, old, errors) => checkImmutable(errors, spec, template ?? {}, old.spec ?? {}),
  }),
  'DeviceClass.resource.k8s.io': kindRules<resourcev1.DeviceClass>({
    check({ spec: deviceClass }, errors) {
      checkSelectors(errors, spec.child('selectors'), deviceClass?.selectors);
      const path = spec.child('config');
      checkSize(errors, path, deviceClass?.config, maxRequests);
      deviceClass?.config?.forEach(({ opaque }, index) => {
        checkOpaque(errors, path.index(index).child('opaque'), opaque);
      });
    },
  }),
};

function checkSize(errors: Errors, path: FieldPath, list: readonly unknown[] = [], most: number): void {
  if (list.length > most) errors.push(tooMany(path, list.length, most));
}

function checkDevices(errors: Errors, path: FieldPath, claim: resourcev1.DeviceClaim = {}): void {
  const { constraints = [], config = [] } = claim;
  // A list that has to be there is null where it isn't given.
  const requests = claim.requests ?? [];
  const names = new Set(
    requests.flatMap(({ name, firstAvailable = [] }) => [name, ...firstAvailable.map((sub) => `${name}/${sub.name}`)]),
  );
  checkSize(errors, path.child('requests'), requests, maxRequests);
  for (const [index, request] of requests.entries()) checkRequest(errors, path.child('requests').index(index), request);
  eachRepeated(
    requests,
    ({ name }) => name,
    ({ name }, index) => errors.push(duplicate(path.child('requests').index(index).child('name'), name)),
  );
  checkSize(errors, path.child('constraints'), constraints, maxRequests);
  constraints.forEach(({ requests: of, matchAttribute, distinctAttribute }, index) => {
    const item = path.child('constraints').index(index);
    checkReferences(errors, item.child('requests'), of, names);
    if (matchAttribute === undefined && distinctAttribute === undefined) {
      errors.push(required(item.child('matchAttribute')));
    }
  });
  checkSize(errors, path.child('config'), config, maxRequests);
  config.forEach(({ requests: of, opaque }, index) => {
    const item = path.child('config').index(index);
    checkReferences(errors, item.child('requests'), of, names);
    checkOpaque(errors, item.child('opaque'), opaque);
  });
}

function checkRequest(errors: Errors, path: FieldPath, request: resourcev1.DeviceRequest): void {
  const { name, exactly, firstAvailable = [] } = request;
  if (name) addEach(errors, path.child('name'), name, checkDns1123Label(name));
  if (exactly === undefined && firstAvailable.length === 0) {
    errors.push(required(path, 'exactly one of `exactly` or `firstAvailable` is required'));
  } else if (exactly !== undefined && firstAvailable.length > 0) {
    const detail = 'exactly one of `exactly` or `firstAvailable` is required, but multiple fields are set';
    errors.push(invalidValue(path, null, detail));
  }
  if (exactly !== undefined) checkDevice(errors, path.child('exactly'), exactly);
  const list = path.child('firstAvailable');
  checkSize(errors, list, firstAvailable, maxAlternatives);
  firstAvailable.forEach((sub, index) => {
    if (sub.name) addEach(errors, list.index(index).child('name'), sub.name, checkDns1123Label(sub.name));
    checkDevice(errors, list.index(index), sub);
  });
  eachRepeated(
    firstAvailable,
    (sub) => sub.name,
    (sub, index) => errors.push(duplicate(list.index(index).child('name'), sub.name)),
  );
}

function checkDevice(errors: Errors, path: FieldPath, device: resourcev1.ExactDeviceRequest): void {
  const { deviceClassName: name, selectors, allocationMode: mode = '', count = 0 } = device;
  if (name) addEach(errors, path.child('deviceClassName'), name, checkDns1123Subdomain(name));
  checkSelectors(errors, path.child('selectors'), selectors);
  const at = path.child('count');
  if (mode === 'All') {
    if (count !== 0) errors.push(invalidValue(at, count, "must not be specified when allocationMode is 'All'"));
  } else if (mode === 'ExactCount') {
    if (count <= 0) errors.push(invalidValue(at, count, 'must be greater than zero'));
  } else errors.push(notSupported(path.child('allocationMode'), mode, ['All', 'ExactCount']));
}

function checkSelectors(errors: Errors, path: FieldPath, selectors: readonly resourcev1.DeviceSelector[] = []): void {
  checkSize(errors, path, selectors, maxSelectors);
  selectors.forEach(({ cel }, index) => {
    const at = path.index(index).child('cel');
    if (cel === undefined) errors.push(required(at));
    else if (Buffer.byteLength(cel.expression ?? '') > maxExpressionBytes) {
      errors.push(tooLong(at.child('expression'), maxExpressionBytes));
    }
  });
}

function checkReferences(
  errors: Errors,
  path: FieldPath,
  requests: readonly string[] = [],
  names: ReadonlySet<string>,
): void {
  checkSize(errors, path, requests, maxRequests);
  requests.forEach((name, index) => {
    if (!names.has(name)) {
      errors.push(invalidValue(path.index(index), name, 'must be the name of a request in the claim'));
    }
  });
  eachRepeated(
    requests,
    (name) => name,
    (name, index) => errors.push(duplicate(path.index(index), name)),
  );
}

function checkOpaque(errors: Errors, path: FieldPath, opaque: resourcev1.OpaqueDeviceConfiguration | undefined): void {
  if (opaque === undefined) {
    errors.push(required(path));
    return;
  }
  const { driver, parameters } = opaque;
  if (driver) checkDriverName(errors, path.child('driver'), driver);
  const at = path.child('parameters');
  if (parameters === undefined || parameters === null) errors.push(required(at));
  else if (!isPlainObject(parameters)) {
    errors.push(invalidValue(at, '<value omitted>', 'parameters must be a valid JSON object'));
  } else if (Buffer.byteLength(JSON.stringify(parameters)) > maxParameterBytes) {
    errors.push(tooLong(at, maxParameterBytes));
  }
}
