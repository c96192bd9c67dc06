import { isPlainObject, type PlainObject, setOwn } from '../../plain.ts';

/**
 * A step of a path into an object, as managedFields write it: `f:spec` a field, `k:{"name":"web"}` the
 * item of a list with those keys, `v:"orphan"` that value of a set.
 */
export type PathElement = string;

/** A set of paths into an object, as a tree. A path may be in the set with or without what lies below it. */
export class FieldSet {
  /** Steps that end a path of the set. */
  readonly members: Set<PathElement>;
  /** What lies below a step; never empty. */
  readonly children: Map<PathElement, FieldSet>;

  constructor(members: Iterable<PathElement> = [], children: Iterable<[PathElement, FieldSet]> = []) {
    this.members = new Set(members);
    this.children = new Map(children);
  }

  get empty(): boolean {
    return this.members.size === 0 && this.children.size === 0;
  }

  below(element: PathElement): FieldSet {
    return this.children.get(element) ?? emptySet;
  }

  union(other: FieldSet): FieldSet {
    const result = new FieldSet(this.members.union(other.members), this.children);
    for (const [element, set] of other.children) result.children.set(element, set.union(result.below(element)));
    return result;
  }

  difference(other: FieldSet): FieldSet {
    const result = new FieldSet(this.members.difference(other.members));
    for (const [element, set] of this.children) result.attach(element, set.difference(other.below(element)));
    return result;
  }

  intersection(other: FieldSet): FieldSet {
    const result = new FieldSet(this.members.intersection(other.members));
    for (const [element, set] of this.children) result.attach(element, set.intersection(other.below(element)));
    return result;
  }

  equals(other: FieldSet): boolean {
    return this.difference(other).empty && other.difference(this).empty;
  }

  /** Puts a set below a step, unless it is empty. While a set is made; sets are shared afterwards. */
  attach(element: PathElement, set: FieldSet): void {
    if (!set.empty) this.children.set(element, set);
  }

  /** Every path of the set, as people read it: `.spec.containers[name="web"].image`. */
  *paths(prefix = ''): Generator<string> {
    for (const element of [...this.members].sort()) yield prefix + elementText(element);
    for (const element of [...this.children.keys()].sort()) {
      yield* this.below(element).paths(prefix + elementText(element));
    }
  }
}

const emptySet = new FieldSet();

/** The form in `fieldsV1`. */
export function toFieldsV1(set: FieldSet): PlainObject {
  const fields: PlainObject = {};
  for (const element of [...new Set([...set.members, ...set.children.keys()])].sort()) {
    const child = set.children.get(element);
    const own = child !== undefined && set.members.has(element) ? { '.': {} } : {};
    setOwn(fields, element, child === undefined ? {} : { ...own, ...toFieldsV1(child) });
  }
  return fields;
}

/** Reads `fieldsV1`; undefined for what isn't that. */
export function fromFieldsV1(fields: unknown): FieldSet | undefined {
  if (!isPlainObject(fields)) return undefined;
  const set = new FieldSet();
  for (const element of Object.keys(fields)) {
    if (element === '.') continue;
    const below = fields[element];
    if (!/^[fkvi]:/s.test(element) || !isPlainObject(below)) return undefined;
    const child = fromFieldsV1(below);
    if (child === undefined) return undefined;
    if (child.empty || Object.hasOwn(below, '.')) set.members.add(element);
    set.attach(element, child);
  }
  return set;
}

/** As Kubernetes writes it in paths: `.image`, `[name="c"]`, `[="a"]`. */
export function elementText(element: PathElement): string {
  const rest = element.slice(2);
  switch (element[0]) {
    case 'k': {
      const keys = Object.entries(JSON.parse(rest) as PlainObject);
      return `[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(',')}]`;
    }
    case 'v':
      return `[=${rest}]`;
    case 'i':
      return `[${rest}]`;
    default:
      return `.${rest}`;
  }
}
