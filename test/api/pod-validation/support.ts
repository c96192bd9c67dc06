import type { ExecutionContext } from 'ava';
import {
  applyDefaults,
  fieldErrorText,
  type KubernetesObject,
  validate,
  validateUpdate,
} from '../../../src/api/index.ts';
import { compare, type Json } from '../support/validation.ts';

export { compare, type Json };

/** What is changed of a valid pod, and the errors that come of it, in order: whole texts, or patterns of long ones. */
export type Case = [change: Json, ...errors: (string | RegExp)[]];

const type = { group: '', kind: 'Pod', namespaced: true };
export const container = { name: 'c', image: 'i' };

/** A pod after defaulting: valid but for `spec`, `metadata` and `status`. */
export function podOf(spec: Json = {}, metadata: Json = {}, status?: Json): KubernetesObject {
  const pod = structuredClone({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', namespace: 'default', ...metadata },
    spec: { containers: [container], ...spec },
    ...(status ? { status } : {}),
  }) as unknown as KubernetesObject;
  applyDefaults(pod);
  return pod;
}

export const errorsOf = (pod: KubernetesObject): string[] => validate(pod, type).map(fieldErrorText);

export const updateErrors = (pod: KubernetesObject, old: KubernetesObject, subresource?: string): string[] =>
  validateUpdate(pod, old, type, subresource).map(fieldErrorText);

/** Checks each case; `place` says what of the pod its change is a change of. */
export function checkCases(
  t: ExecutionContext,
  place: (change: Json) => KubernetesObject,
  cases: readonly Case[],
): void {
  for (const [change, ...expected] of cases) compare(t, errorsOf(place(change)), expected, JSON.stringify(change));
}

/** A change of the pod's only container. */
export const ofContainer = (change: Json): KubernetesObject => podOf({ containers: [{ ...container, ...change }] });

/** Without the change's own path before them, errors are easier to read. */
export const under =
  (prefix: string) =>
  (...errors: (string | RegExp)[]): (string | RegExp)[] =>
    errors.map((error) => (typeof error === 'string' ? prefix + error : error));
