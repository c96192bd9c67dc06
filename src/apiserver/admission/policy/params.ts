import { type admissionregistrationv1, selectorFromObject, type UnstructuredObject } from '../../../api/index.ts';
import { storageOf } from '../../registry/storage.ts';
import type { StateReader } from '../../registry/types.ts';

/** A policy or binding that can't be applied as it is. */
export class ConfigurationError extends Error {}

/**
 * The objects that a binding has the policy look at, one after the other; undefined stands for none, where none is needed.
 * Throws ConfigurationError.
 */
export function paramsOf(
  paramKind: admissionregistrationv1.ParamKind | undefined,
  paramRef: admissionregistrationv1.ParamRef | undefined,
  requestNamespace: string | undefined,
  state: StateReader,
): readonly (UnstructuredObject | undefined)[] {
  if (paramKind === undefined || paramRef === undefined) return [undefined];
  const { apiVersion = '', kind = '' } = paramKind;
  const type = state.scheme.findKind(apiVersion, kind);
  if (type === undefined) {
    throw new ConfigurationError(
      `failed to configure policy: failed to find resource referenced by paramKind: '${apiVersion}, Kind=${kind}'`,
    );
  }
  const namespace = type.namespaced ? (paramRef.namespace ?? requestNamespace) : undefined;
  if (type.namespaced && namespace === undefined) {
    throw bindingError('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  }
  const storage = storageOf(type);
  let found: UnstructuredObject[];
  if (paramRef.name) {
    const one = state.lookup(storage, namespace, paramRef.name);
    found = one === undefined ? [] : [one.object];
  } else {
    const selector = selectorFromObject(paramRef.selector);
    found = state
      .all(storage, namespace)
      .map(({ object }) => object)
      .filter(({ metadata }) => selector.matches(metadata.labels ?? {}));
  }
  if (found.length === 0 && paramRef.parameterNotFoundAction === 'Deny') {
    throw bindingError('no params found for policy binding with `Deny` parameterNotFoundAction');
  }
  return found;
}

function bindingError(text: string): ConfigurationError {
  return new ConfigurationError(`failed to configure binding: ${text}`);
}
