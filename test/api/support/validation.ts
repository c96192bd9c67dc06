import type { ExecutionContext } from 'ava';
import {
  applyDefaults,
  fieldErrorText,
  type KubernetesObject,
  validate,
  validateUpdate,
} from '../../../src/api/index.ts';

export type Json = Record<string, unknown>;

export interface Kind {
  apiVersion: string;
  kind: string;
  cluster?: boolean;
}

/** What a test says of a new object, and the texts of the errors that it must bring, in order. */
export type Case = [parts: Json, errors: (string | RegExp)[]];
/** The same of a change. */
export type ChangeCase = [before: Json, after: Json, errors: (string | RegExp)[]];

function typeOf({ apiVersion, kind, cluster = false }: Kind): { group: string; kind: string; namespaced: boolean } {
  return { group: apiVersion.includes('/') ? apiVersion.split('/')[0]! : '', kind, namespaced: !cluster };
}

/** An object as it comes to validation: named and completed. */
export function make({ apiVersion, kind, cluster }: Kind, parts: Json): KubernetesObject {
  const metadata = { name: 'x', ...(cluster ? {} : { namespace: 'default' }), ...(parts['metadata'] as Json) };
  const object = { apiVersion, kind, ...structuredClone(parts), metadata } as KubernetesObject;
  applyDefaults(object);
  return object;
}

export function checkNew(t: ExecutionContext, kind: Kind, cases: readonly Case[]): void {
  for (const [parts, expected] of cases) {
    const errors = validate(make(kind, parts), typeOf(kind)).map(fieldErrorText);
    compare(t, errors, expected, JSON.stringify(parts));
  }
}

export function checkChange(t: ExecutionContext, kind: Kind, cases: readonly ChangeCase[]): void {
  for (const [before, after, expected] of cases) {
    const errors = validateUpdate(make(kind, after), make(kind, before), typeOf(kind)).map(fieldErrorText);
    compare(t, errors, expected, `${JSON.stringify(before)} → ${JSON.stringify(after)}`);
  }
}

/** The same of a change through a subresource, the status by default. */
export function checkPart(t: ExecutionContext, kind: Kind, cases: readonly ChangeCase[], subresource = 'status'): void {
  for (const [before, after, expected] of cases) {
    const errors = validateUpdate(make(kind, after), make(kind, before), typeOf(kind), subresource).map(fieldErrorText);
    compare(t, errors, expected, `${JSON.stringify(before)} → ${JSON.stringify(after)}`);
  }
}

export function compare(
  t: ExecutionContext,
  errors: readonly string[],
  expected: readonly (string | RegExp)[],
  name: string,
): void {
  t.is(errors.length, expected.length, `${name}\n${errors.join('\n')}`);
  expected.forEach((wanted, index) => {
    if (typeof wanted === 'string') t.is(errors[index], wanted, name);
    else t.regex(errors[index] ?? '', wanted, name);
  });
}
