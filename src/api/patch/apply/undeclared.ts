import type { TypeDescription } from '../../description/index.ts';
import { badRequest } from '../../errors.ts';
import { isPlainObject, type PlainObject } from '../../plain.ts';
import { childShape, itemShape, rootShape, type Shape } from '../shape.ts';
import { elementText } from './field-set.ts';
import { itemElement } from './typed.ts';

/**
 * 400 for a configuration with fields that its kind doesn't have: what can't be owned can't be applied, whatever `fieldValidation`
 * says. (Kubernetes 1.35 has a 500 with this text, which it counts as a bug of its own.)
 */
export function refuseUndeclared(config: PlainObject, type: TypeDescription): void {
  const paths = [...undeclaredIn(config, rootShape(type))];
  if (paths.length === 0) return;
  const { apiVersion, kind, metadata } = config;
  const version = String(apiVersion).includes('/') ? apiVersion : `/${apiVersion}`;
  const { namespace = '', name = '' } = isPlainObject(metadata) ? metadata : {};
  const lines = paths.map((path) => `${path}: field not declared in schema`);
  const text = lines.length === 1 ? lines[0] : ['errors:', ...lines.map((line) => `  ${line}`)].join('\n');
  throw badRequest(`failed to create typed patch object (${namespace}/${name}; ${version}, Kind=${kind}): ${text}`);
}

function* undeclaredIn(value: unknown, shape: Shape): Generator<string> {
  const { type, field } = shape;
  if (type?.kind === 'list' && Array.isArray(value)) {
    const isKeyed = field?.listType === 'map' || field?.listType === 'set';
    for (const [index, item] of value.entries()) {
      const place = elementText(isKeyed ? itemElement(item, shape) : `i:${index}`);
      for (const path of undeclaredIn(item, itemShape(shape))) yield place + path;
    }
  } else if ((type?.kind === 'object' || type?.kind === 'map') && isPlainObject(value)) {
    for (const key of Object.keys(value)) {
      const child = childShape(shape, key);
      if (child.type === undefined) yield `.${key}`;
      else for (const path of undeclaredIn(value[key], child)) yield `.${key}${path}`;
    }
  }
}
