import {
  duplicate,
  type FieldError,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../field-errors.ts';
import { checkLabelValue, checkQualifiedName } from '../names.ts';
import { equalPlain } from '../plain.ts';
import type { v1 } from '../types/index.ts';
import { checkCidr, parseCidr } from './addresses.ts';
import { addEach, type Errors, eachRepeated } from './checks.ts';
import { checkResourceAmount } from './resource-names.ts';
import { kindRules } from './rules.ts';

const spec = fieldPath('spec');
const status = fieldPath('status');
const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
/** Where Kubernetes says that they are. */
const taintsPath = fieldPath('metadata', 'taints');

export const nodeRules = kindRules<v1.Node>({
  check({ spec: node }, errors) {
    checkTaints(errors, node?.taints ?? []);
  },
  checkCreate({ spec: node, status: reported }, errors) {
    checkResources(errors, reported);
    checkPodCidrs(errors, node?.podCIDRs ?? []);
  },
  checkUpdate({ spec: node, status: reported }, { spec: old }, errors) {
    checkResources(errors, reported);
    checkAssigned(errors, node, old);
  },
  subresources: {
    status({ status: reported }, _old, errors) {
      checkResources(errors, reported);
      eachRepeated(
        reported?.addresses ?? [],
        ({ type, address }) => `${type} ${address}`,
        ({ type, address }, index) => {
          errors.push(duplicate(status.child('addresses').index(index), { Type: type, Address: address }));
        },
      );
    },
  },
});

function checkTaints(errors: Errors, taints: readonly v1.Taint[]): void {
  taints.forEach(({ key, value, effect }, index) => {
    const taint = taintsPath.index(index);
    addEach(errors, taint.child('key'), key ?? '', checkQualifiedName(key ?? ''));
    const problems = checkLabelValue(value ?? '');
    if (problems.length > 0) errors.push(invalidValue(taint.child('value'), value, problems.join(';')));
    if (!effect) errors.push(required(taint.child('effect')));
    else if (!effects.includes(effect)) errors.push(notSupported(taint.child('effect'), effect, effects));
  });
  eachRepeated(
    taints,
    ({ key, effect }) => `${key}:${effect}`,
    ({ key, value, effect, timeAdded }, index) => {
      const shown = { Key: key, Value: value ?? '', Effect: effect, TimeAdded: timeAdded ?? null };
      const error: FieldError = duplicate(taintsPath.index(index), shown);
      errors.push({ ...error, detail: 'taints must be unique by key and effect pair' });
    },
  );
}

function checkResources(errors: Errors, { capacity, allocatable }: v1.NodeStatus = {}): void {
  for (const [field, amounts] of Object.entries({ capacity, allocatable })) {
    for (const [name, amount] of Object.entries(amounts ?? {})) {
      checkResourceAmount(errors, status.child(field, name), name, amount);
    }
  }
}

function checkPodCidrs(errors: Errors, ranges: readonly string[]): void {
  const path: FieldPath = spec.child('podCIDRs');
  for (const [index, range] of ranges.entries()) checkCidr(errors, path.index(index), range);
  if (ranges.length < 2) return;
  if (ranges.length > 2 || new Set(ranges.map((range) => parseCidr(range)?.family)).size < 2) {
    errors.push(invalidValue(path, ranges, 'may specify no more than one CIDR for each IP family'));
  }
  eachRepeated(
    ranges,
    (range) => range,
    (range, index) => errors.push(duplicate(path.index(index), range)),
  );
}

/** What a node was given stays with it. */
function checkAssigned(errors: Errors, node: v1.NodeSpec = {}, old: v1.NodeSpec = {}): void {
  const before = old.podCIDRs ?? (old.podCIDR ? [old.podCIDR] : []);
  const ranges = node.podCIDRs ?? (node.podCIDR ? [node.podCIDR] : []);
  if (before.length > 0 && !equalPlain(ranges, before)) {
    const detail = 'node updates may not change podCIDR except from "" to valid';
    errors.push(forbiddenField(spec.child('podCIDRs'), detail));
  }
  if (old.providerID && node.providerID !== old.providerID) {
    const detail = 'node updates may not change providerID except from "" to valid';
    errors.push(forbiddenField(spec.child('providerID'), detail));
  }
}
