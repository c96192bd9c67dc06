/**
 * The types of the Common Expression Language (https://github.com/google/cel-spec/blob/master/doc/langdef.md#values).
 * `param` stands for a type that is still to be found; `object` is a record with declared fields; `opaque` is
 * what libraries bring along, such as `net.IP`.
 */
export type Type =
  | { readonly kind: SimpleKind }
  | { readonly kind: 'list'; readonly element: Type; readonly identity?: ListIdentity }
  | { readonly kind: 'map'; readonly key: Type; readonly value: Type }
  | { readonly kind: 'type'; readonly of: Type }
  | { readonly kind: 'param'; readonly name: string }
  | { readonly kind: 'opaque'; readonly name: string; readonly parameters: readonly Type[] }
  | ObjectType;

/**
 * What makes elements of a list the same: in a `set` that they are equal, else that these fields of theirs are
 * (x-kubernetes-list-type `set` and `map`). The order of such lists means nothing.
 */
export type ListIdentity = 'set' | readonly string[];

export type SimpleKind =
  | 'dyn'
  | 'error'
  | 'bool'
  | 'int'
  | 'uint'
  | 'double'
  | 'string'
  | 'bytes'
  | 'null_type'
  | 'timestamp'
  | 'duration';

export interface ObjectType {
  readonly kind: 'object';
  readonly name: string;
  /** By the name that expressions use. */
  readonly fields: ReadonlyMap<string, ObjectField>;
}

export interface ObjectField {
  readonly type: Type;
  /** The name in JSON, which expressions can't always spell. */
  readonly property: string;
}

const simple = (kind: SimpleKind): Type => ({ kind });

export const dyn = simple('dyn');
export const errorType = simple('error');
export const bool = simple('bool');
export const int = simple('int');
export const uint = simple('uint');
export const double = simple('double');
export const string = simple('string');
export const bytes = simple('bytes');
export const nullType = simple('null_type');
export const timestamp = simple('timestamp');
export const duration = simple('duration');

export const list = (element: Type): Type => ({ kind: 'list', element });
export const map = (key: Type, value: Type): Type => ({ kind: 'map', key, value });
export const typeOfType = (of: Type): Type => ({ kind: 'type', of });
export const param = (name: string): Type => ({ kind: 'param', name });
export const opaque = (name: string, ...parameters: Type[]): Type => ({ kind: 'opaque', name, parameters });
export const optional = (of: Type): Type => opaque('optional_type', of);

/** The element of an optional, or undefined of any other type. */
export function optionalElement(type: Type): Type | undefined {
  return type.kind === 'opaque' && type.name === 'optional_type' ? (type.parameters[0] ?? dyn) : undefined;
}

const longNames: Partial<Record<SimpleKind, string>> = {
  timestamp: 'google.protobuf.Timestamp',
  duration: 'google.protobuf.Duration',
};

/** As people read it in errors: `map(string, int)`. */
export function formatType(type: Type): string {
  switch (type.kind) {
    case 'list':
      return `list(${formatType(type.element)})`;
    case 'map':
      return `map(${formatType(type.key)}, ${formatType(type.value)})`;
    case 'type':
      return type.of.kind === 'dyn' ? 'type' : `type(${formatType(type.of)})`;
    case 'param':
      return type.name;
    case 'opaque':
      return type.parameters.length === 0 ? type.name : `${type.name}(${type.parameters.map(formatType).join(', ')})`;
    case 'object':
      return type.name;
    case 'null_type':
      return 'null';
    case 'error':
      return '!error!';
    default:
      return longNames[type.kind] ?? type.kind;
  }
}

/** The name that `type(x)` shows and that expressions compare with: `list`, `int`, `net.IP`. */
export function typeName(type: Type): string {
  switch (type.kind) {
    case 'object':
    case 'opaque':
      return type.name;
    case 'param':
      return 'dyn';
    case 'list':
    case 'map':
    case 'type':
      return type.kind;
    default:
      return longNames[type.kind] ?? type.kind;
  }
}
