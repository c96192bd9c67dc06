import type { KubernetesObject } from '../object.ts';
import type { Errors } from './checks.ts';

/** What is checked of one kind, beyond metadata and description. */
export interface KindRules {
  /** Of a new or changed object. */
  check?(object: KubernetesObject, errors: Errors): void;
  /** Of a new object alone. */
  checkCreate?(object: KubernetesObject, errors: Errors): void;
  /** Of a change. */
  checkUpdate?(object: KubernetesObject, old: KubernetesObject, errors: Errors): void;
  /** Of a change through a subresource, in place of `check`, `checkUpdate` and what the description says. */
  subresources?: Readonly<Record<string, (object: KubernetesObject, old: KubernetesObject, errors: Errors) => void>>;
}

/** Rules for objects of type T; who looks them up by kind vouches for the type. */
export function kindRules<T extends KubernetesObject>(rules: {
  check?(object: T, errors: Errors): void;
  checkCreate?(object: T, errors: Errors): void;
  checkUpdate?(object: T, old: T, errors: Errors): void;
  subresources?: Readonly<Record<string, (object: T, old: T, errors: Errors) => void>>;
}): KindRules {
  return rules as unknown as KindRules;
}
