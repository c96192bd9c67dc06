import { badRequest } from '../../errors.ts';
import { clonePlain, equalPlain, isPlainObject, type PlainObject, setOwn } from '../../plain.ts';
import { mergeOrders } from '../list-order.ts';
import { childShape, itemShape, type Shape } from '../shape.ts';
import { FieldSet, type PathElement } from './field-set.ts';

/*
 * Operations on objects by what owns their parts: maps and lists are merged part by part where the
 * description says so, and are one value ("atomic") elsewhere.
 */

type Structure = 'leaf' | 'fields' | 'items';

function structureOf({ type, field }: Shape): Structure {
  switch (type?.kind) {
    case 'object':
      return (field?.structType ?? (type.type.isAtomic ? 'atomic' : 'granular')) === 'atomic' ? 'leaf' : 'fields';
    case 'map':
      return field?.mapType === 'atomic' ? 'leaf' : 'fields';
    case 'deduced':
      return 'fields';
    case 'list':
      return field?.listType === 'map' || field?.listType === 'set' ? 'items' : 'leaf';
    default:
      return 'leaf';
  }
}

/** Whether a value has no parts of that structure, though its description allows for them. */
function isWhole(value: unknown, structure: Structure): boolean {
  if (value === undefined || value === null || structure === 'leaf') return false;
  return structure === 'fields' ? !isPlainObject(value) : !Array.isArray(value);
}

/** The parts of a value by path element, in order; items that share their keys are kept together. */
type Parts = Map<PathElement, { value: unknown; shape: Shape }>;

function partsOf(value: unknown, shape: Shape, structure: Structure): Parts {
  const parts: Parts = new Map();
  if (structure === 'fields' && isPlainObject(value)) {
    for (const key of Object.keys(value)) parts.set(`f:${key}`, { value: value[key], shape: childShape(shape, key) });
  } else if (structure === 'items' && Array.isArray(value)) {
    for (const item of value) {
      const element = itemElement(item, shape);
      const first = parts.get(element);
      // Two of the same can't be told apart, so they are one value.
      if (first === undefined) parts.set(element, { value: item, shape: itemShape(shape) });
      else
        parts.set(element, {
          value: new Twins([...twinsOf(first.value), item]),
          shape: { type: undefined, field: undefined },
        });
    }
  }
  return parts;
}

/** Items of a list whose keys are the same, though they should differ. */
class Twins {
  readonly items: readonly unknown[];

  constructor(items: readonly unknown[]) {
    this.items = items;
  }
}

function twinsOf(value: unknown): readonly unknown[] {
  return value instanceof Twins ? value.items : [value];
}

function equalValues(a: unknown, b: unknown): boolean {
  return equalPlain(a instanceof Twins ? a.items : a, b instanceof Twins ? b.items : b);
}

export function itemElement(item: unknown, list: Shape): PathElement {
  if (list.field?.listType === 'set' || !isPlainObject(item)) return `v:${JSON.stringify(item)}`;
  const keys: PlainObject = {};
  const { type } = itemShape(list);
  for (const key of [...(list.field?.listMapKeys ?? [])].sort()) {
    const value = item[key] ?? (type?.kind === 'object' ? type.type.fields.get(key)?.default : undefined);
    if (value !== undefined && value !== null) keys[key] = value;
  }
  return `k:${JSON.stringify(keys)}`;
}

function isEmptyContainer(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isPlainObject(value) && Object.keys(value).length === 0;
}

/** The paths that an applied configuration says something about. */
export function fieldSetOf(value: unknown, shape: Shape): FieldSet {
  const set = new FieldSet();
  const structure = structureOf(shape);
  for (const [element, part] of partsOf(value, shape, structure)) {
    const below = structureOf(part.shape) === 'leaf' ? new FieldSet() : fieldSetOf(part.value, part.shape);
    // Items, and keys of maps, are there by themselves; structs only by their fields.
    if (below.empty || structure === 'items' || shape.type?.kind === 'map') set.members.add(element);
    set.attach(element, below);
  }
  return set;
}

/** What differs between two states of an object. */
export interface Comparison {
  added: FieldSet;
  removed: FieldSet;
  modified: FieldSet;
}

export function compareObjects(old: unknown, next: unknown, shape: Shape): Comparison {
  const result: Comparison = { added: new FieldSet(), removed: new FieldSet(), modified: new FieldSet() };
  const structure = structureOf(shape);
  const before = partsOf(old, shape, structure);
  const after = partsOf(next, shape, structure);
  for (const element of new Set([...before.keys(), ...after.keys()])) {
    const part = after.get(element) ?? before.get(element)!;
    comparePart(result, element, before.get(element)?.value, after.get(element)?.value, part.shape);
  }
  return result;
}

function comparePart(into: Comparison, element: PathElement, old: unknown, next: unknown, shape: Shape): void {
  // Most of an object is the same in most changes: the cheap look first.
  if (old !== undefined && next !== undefined && equalValues(old, next)) return;
  const structure = structureOf(shape);
  const whole =
    structure === 'leaf' ||
    isWhole(old, structure) ||
    isWhole(next, structure) ||
    old instanceof Twins ||
    next instanceof Twins ||
    (isEmptyContainer(old) && isEmptyContainer(next));
  if (!whole) {
    const below = compareObjects(old, next, shape);
    into.added.attach(element, below.added);
    into.removed.attach(element, below.removed);
    into.modified.attach(element, below.modified);
  }
  if (old === undefined) into.added.members.add(element);
  else if (next === undefined) into.removed.members.add(element);
  else if (whole) into.modified.members.add(element);
}

/** `config` merged into `live`; shares nothing with either. */
export function mergeApplied(live: unknown, config: unknown, shape: Shape): unknown {
  if (config === undefined) return clonePlain(live);
  const structure = structureOf(shape);
  const whole = structure === 'leaf' || isWhole(config, structure) || isWhole(live, structure);
  if (whole || config === null || isEmptyContainer(live)) return clonePlain(config);
  const before = partsOf(live, shape, structure);
  const after = partsOf(config, shape, structure);
  const value = (element: PathElement): unknown => {
    const given = after.get(element);
    if (given?.value instanceof Twins) throw badRequest(`duplicate entries for key ${element.slice(2)}`);
    const old = before.get(element)?.value;
    if (old instanceof Twins) return given === undefined ? old : clonePlain(given.value);
    return mergeApplied(old, given?.value, (given ?? before.get(element)!).shape);
  };
  if (structure === 'items') {
    const elements = [...new Set([...before.keys(), ...after.keys()])];
    const order = mergeOrders(elements, [...after.keys()], [...before.keys()]);
    return order.flatMap((element) => twinsOf(value(element)).map(clonePlain));
  }
  const merged: PlainObject = {};
  for (const element of new Set([...before.keys(), ...after.keys()])) setOwn(merged, element.slice(2), value(element));
  return merged;
}

/** The value without what the set holds; undefined if nothing is left. */
export function withoutFields(value: unknown, set: FieldSet, shape: Shape): unknown {
  if (set.empty) return value;
  const structure = structureOf(shape);
  if (structure === 'leaf' || isWhole(value, structure)) return value;
  const kept: [PathElement, unknown][] = [];
  for (const [element, part] of partsOf(value, shape, structure)) {
    if (set.members.has(element)) continue;
    const below = withoutFields(part.value, set.below(element), part.shape);
    if (below !== undefined) kept.push([element, below]);
  }
  if (kept.length === 0) return undefined;
  if (structure === 'items') return kept.flatMap(([, item]) => twinsOf(item));
  const result: PlainObject = {};
  for (const [element, below] of kept) setOwn(result, element.slice(2), below);
  return result;
}

/** The set with every struct field that it reaches into: whoever owns a part of a struct keeps the struct. */
export function withNamedFields(set: FieldSet, shape: Shape): FieldSet {
  const result = new FieldSet(set.members);
  const { type } = shape;
  for (const [element, below] of set.children) {
    const name = element.slice(2);
    const isField = element.startsWith('f:');
    if (isField && type?.kind === 'object' && type.type.fields.has(name)) result.members.add(element);
    result.children.set(element, withNamedFields(below, isField ? childShape(shape, name) : itemShape(shape)));
  }
  return result;
}
