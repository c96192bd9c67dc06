import { duplicate, type FieldPath, fieldPath, forbiddenField, invalidValue, required } from '../field-errors.ts';
import { checkQualifiedName } from '../names.ts';
import { compareQuantities, tryParseQuantity } from '../quantity.ts';
import type { v1 } from '../types/index.ts';
import { addEach, type Errors, eachRepeated } from './checks.ts';
import { checkContainerResourceName, checkResourceName, isOvercommittable } from './resource-names.ts';
import { kindRules } from './rules.ts';

const spec = fieldPath('spec');
const nanosInOne = 1_000_000_000;
type Amounts = Readonly<Record<string, string | number>>;

/** What may be bounded without a domain in its name. */
const limitTypes: ReadonlySet<string> = new Set(['Pod', 'Container', 'PersistentVolumeClaim']);
const amountFields = ['max', 'min', 'default', 'defaultRequest', 'maxLimitRequestRatio'] as const;

export const limitRangeRules = kindRules<v1.LimitRange>({
  check({ spec: range }, errors) {
    const path = spec.child('limits');
    const limits = range?.limits ?? [];
    for (const [index, item] of limits.entries()) checkItem(errors, path.index(index), item);
    eachRepeated(
      limits,
      ({ type }) => type,
      ({ type }, index) => errors.push(duplicate(path.index(index).child('type'), type)),
    );
  },
});

function checkType(errors: Errors, path: FieldPath, type: string): void {
  const problems = checkQualifiedName(type);
  addEach(errors, path, type, problems);
  if (problems.length > 0 || type.includes('/') || limitTypes.has(type)) return;
  errors.push(invalidValue(path, type, 'must be a standard limit type or fully qualified'));
}

function checkNames(errors: Errors, path: FieldPath, item: v1.LimitRangeItem): void {
  const ofContainers = item.type === 'Pod' || item.type === 'Container';
  for (const field of amountFields) {
    if (item.type === 'Pod' && (field === 'default' || field === 'defaultRequest')) continue;
    for (const name of Object.keys(item[field] ?? {})) {
      const at = path.child(field).key(name);
      if (ofContainers) checkContainerResourceName(errors, at, name);
      else checkResourceName(errors, at, name);
    }
  }
}

function checkItem(errors: Errors, path: FieldPath, item: v1.LimitRangeItem): void {
  const { max = {}, min = {}, default: limits = {}, defaultRequest: requests = {}, maxLimitRequestRatio = {} } = item;
  if (item.type) checkType(errors, path.child('type'), item.type);
  checkNames(errors, path, item);
  if (item.type === 'Pod') {
    for (const name of ['default', 'defaultRequest'] as const) {
      if (Object.keys(item[name] ?? {}).length > 0) {
        errors.push(forbiddenField(path.child(name), "may not be specified when `type` is 'Pod'"));
      }
    }
  }
  if (item.type === 'PersistentVolumeClaim' && min['storage'] === undefined && max['storage'] === undefined) {
    const detail = 'either minimum or maximum storage value is required, but neither was provided';
    errors.push(required(path.child('limits'), detail));
  }
  const names = new Set([max, min, limits, requests, maxLimitRequestRatio].flatMap(Object.keys));
  for (const name of names) {
    const ordered: readonly [
      field: string,
      low: Amounts,
      high: Amounts,
      lowText: string,
      highText: string,
      of: Amounts,
    ][] = [
      ['min', min, max, 'min value', 'max value', min],
      ['defaultRequest', min, requests, 'min value', 'default request value', requests],
      ['defaultRequest', requests, max, 'default request value', 'max value', requests],
      ['defaultRequest', requests, limits, 'default request value', 'default limit value', requests],
      ['default', min, limits, 'min value', 'default value', min],
      ['default', limits, max, 'default value', 'max value', max],
    ];
    for (const [field, low, high, lowText, highText, of] of ordered) {
      if (!exceeds(low[name], high[name])) continue;
      const detail = `${lowText} ${low[name]} is greater than ${highText} ${high[name]}`;
      errors.push(invalidValue(path.child(field).key(name), String(of[name]), detail));
    }
    checkRatio(errors, path.child('maxLimitRequestRatio').key(name), maxLimitRequestRatio[name], min[name], max[name]);
    const [limit, request] = [limits[name], requests[name]];
    if (isOvercommittable(name) || (!exceeds(limit, request) && !exceeds(request, limit))) continue;
    const detail = `default value ${limit} must equal to defaultRequest value ${request} in ${name}`;
    errors.push(invalidValue(path.child('defaultRequest').key(name), String(request), detail));
  }
}

type Amount = string | number | undefined;

function checkRatio(errors: Errors, path: FieldPath, ratio: Amount, low: Amount, high: Amount): void {
  if (ratio === undefined) return;
  if (exceeds(1, ratio)) errors.push(invalidValue(path, String(ratio), `ratio ${ratio} is less than 1`));
  if (low === undefined || high === undefined) return;
  const bound = numberOf(high) / numberOf(low);
  if (!(numberOf(ratio) / nanosInOne > bound)) return;
  const detail = `ratio ${ratio} is greater than max/min = ${bound.toFixed(6)}`;
  errors.push(invalidValue(path, String(ratio), detail));
}

function numberOf(amount: string | number): number {
  const quantity = tryParseQuantity(amount);
  return 'error' in quantity ? Number.NaN : Number(quantity.nanos);
}

/** Whether both amounts are given and the first is greater. */
function exceeds(amount: string | number | undefined, bound: string | number | undefined): boolean {
  if (amount === undefined || bound === undefined) return false;
  const [a, b] = [tryParseQuantity(amount), tryParseQuantity(bound)];
  return !('error' in a) && !('error' in b) && compareQuantities(a, b) > 0;
}
