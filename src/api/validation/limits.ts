import { duplicate, type FieldPath, fieldPath, forbiddenField, invalidValue } from '../field-errors.ts';
import { compareQuantities, tryParseQuantity, zeroQuantity } from '../quantity.ts';
import type { v1 } from '../types/index.ts';
import { checkImmutable, type Errors, eachRepeated, negativeText } from './checks.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
type Amounts = Readonly<Record<string, string | number>>;

/** Rules of what bounds the use of a namespace, by kind. */
export const limitRules: Readonly<Record<string, KindRules>> = {
  LimitRange: kindRules<v1.LimitRange>({
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
  }),
  ResourceQuota: kindRules<v1.ResourceQuota>({
    check({ spec: quota }, errors) {
      for (const [name, amount] of Object.entries(quota?.hard ?? {})) {
        const path = spec.child('hard').key(name);
        const quantity = tryParseQuantity(amount);
        if ('error' in quantity) errors.push(invalidValue(path, amount, quantity.error));
        else if (compareQuantities(quantity, zeroQuantity) < 0) {
          errors.push(invalidValue(path, String(amount), negativeText));
        } else if (!fractional.test(name) && quantity.nanos % 1_000_000_000n !== 0n) {
          errors.push(invalidValue(path, String(amount), 'must be an integer'));
        }
      }
    },
    checkUpdate({ spec: quota }, { spec: old }, errors) {
      const sorted = (scopes: readonly string[] = []): string[] => [...scopes].sort();
      checkImmutable(errors, spec.child('scopes'), sorted(quota?.scopes), sorted(old?.scopes));
    },
  }),
};

/** Amounts that may be parts of one, though not of everything that is counted. */
const fractional = /(?:^|\.)(?:cpu|memory|ephemeral-storage|storage)$/;

function checkItem(errors: Errors, path: FieldPath, item: v1.LimitRangeItem): void {
  const { max = {}, min = {}, default: limits = {}, defaultRequest: requests = {}, maxLimitRequestRatio = {} } = item;
  if (item.type === 'Pod') {
    for (const name of ['default', 'defaultRequest'] as const) {
      if (item[name] !== undefined) {
        errors.push(forbiddenField(path.child(name), 'may not be specified when `type` is Pod'));
      }
    }
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
    const ratio = maxLimitRequestRatio[name];
    if (ratio !== undefined && exceeds(1, ratio)) {
      const detail = `ratio ${ratio} is less than 1`;
      errors.push(invalidValue(path.child('maxLimitRequestRatio').key(name), String(ratio), detail));
    }
  }
}

/** Whether both amounts are given and the first is greater. */
function exceeds(amount: string | number | undefined, bound: string | number | undefined): boolean {
  if (amount === undefined || bound === undefined) return false;
  const [a, b] = [tryParseQuantity(amount), tryParseQuantity(bound)];
  return !('error' in a) && !('error' in b) && compareQuantities(a, b) > 0;
}
