import {
  errors,
  type LabelSelector,
  type LabelSelectorObject,
  selectorFromObject,
  type UnstructuredObject,
} from '../../../api/index.ts';
import type { StateReader } from '../../registry/types.ts';
import type { AdmissionAttributes } from '../types.ts';

const namespaces = { group: '', resource: 'namespaces' };
const parsed = new WeakMap<LabelSelectorObject, LabelSelector>();

function selector(source: LabelSelectorObject): LabelSelector {
  let known = parsed.get(source);
  if (known === undefined) {
    known = selectorFromObject(source);
    parsed.set(source, known);
  }
  return known;
}

function isEmpty(source: LabelSelectorObject | undefined): source is undefined {
  return source === undefined || !(Object.keys(source.matchLabels ?? {}).length || source.matchExpressions?.length);
}

/** Whether the request's namespace has the labels; of a Namespace its own count. What has no namespace always passes. */
export async function matchesNamespace(
  source: LabelSelectorObject | undefined,
  attributes: AdmissionAttributes,
  state: StateReader,
): Promise<boolean> {
  if (isEmpty(source)) return true;
  const { type, namespace, object, old } = attributes;
  if (type.group === '' && type.resource === 'namespaces') {
    return selector(source).matches((object ?? old)?.metadata.labels ?? {});
  }
  if (namespace === undefined) return true;
  return selector(source).matches((await namespaceObject(state, namespace)).metadata.labels ?? {});
}

/** Whether the new or the old object has the labels. */
export function matchesObject(source: LabelSelectorObject | undefined, { object, old }: AdmissionAttributes): boolean {
  if (isEmpty(source)) return true;
  return [object, old].some((one) => one !== undefined && selector(source).matches(one.metadata?.labels ?? {}));
}

/** The namespace that a request is about; 404 when it isn't there. */
export async function namespaceObject(state: StateReader, name: string): Promise<UnstructuredObject> {
  let found = state.lookup(namespaces, undefined, name);
  if (found === undefined) {
    await state.fresh();
    found = state.lookup(namespaces, undefined, name);
  }
  if (found === undefined) throw errors.notFound(namespaces, name);
  return found.object;
}
