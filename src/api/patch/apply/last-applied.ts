import type { KubernetesObject } from '../../object.ts';
import { isPlainObject, type PlainObject, setOwn } from '../../plain.ts';
import type { Shape } from '../shape.ts';
import { FieldSet } from './field-set.ts';
import { compareObjects, fieldSetOf } from './typed.ts';

/*
 * Client-side apply keeps what was applied in an annotation. Whoever goes on with `kubectl apply --server-side`
 * owns what is written there, and may come back: kubectl's server-side apply keeps the annotation up to date.
 */

/** The manager for whom the annotation counts; others can be named to do without it. */
export const CLIENT_SIDE_APPLIER = 'kubectl';

const annotation = 'kubectl.kubernetes.io/last-applied-configuration';

/** The fields that client-side apply set and nobody has changed since. */
export function clientSideApplied(live: KubernetesObject, shape: Shape): FieldSet {
  const last = parse(live.metadata.annotations?.[annotation]);
  if (last?.['apiVersion'] !== live.apiVersion) return new FieldSet();
  const { added, modified, removed } = compareObjects(last, live, shape);
  return fieldSetOf(last, shape).difference(modified).difference(added).difference(removed);
}

/** Writes `config` into the annotation of `result`, if that has one. */
export function updateLastApplied(result: PlainObject, config: PlainObject): void {
  const annotations = annotationsOf(result);
  if (!annotations?.[annotation]) return;
  const { [annotation]: _, ...others } = annotationsOf(config) ?? {};
  const metadata = { ...(config['metadata'] as PlainObject), annotations: others };
  annotations[annotation] = `${encode({ ...config, metadata })}\n`;
}

function annotationsOf(object: PlainObject): PlainObject | undefined {
  const { metadata } = object;
  const annotations = isPlainObject(metadata) ? metadata['annotations'] : undefined;
  return isPlainObject(annotations) ? annotations : undefined;
}

function parse(text: string | undefined): PlainObject | undefined {
  if (!text) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isPlainObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** As Go writes JSON, which is what kubectl writes there: keys in order, fit for HTML. */
function encode(value: PlainObject): string {
  const escaped = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026' } as Record<string, string>;
  return JSON.stringify(inOrder(value)).replace(/[<>&]/g, (character) => escaped[character]!);
}

function inOrder(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inOrder);
  if (!isPlainObject(value)) return value;
  const sorted: PlainObject = {};
  for (const key of Object.keys(value).sort()) setOwn(sorted, key, inOrder(value[key]));
  return sorted;
}
