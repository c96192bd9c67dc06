import { dyn, formatType, map, type Type, typeOfType } from './types.ts';

/**
 * What is known of type parameters while an expression is checked: which types make its parts fit together. After
 * the type checker of CEL's specification, which lets `dyn` pass everywhere and checks it when the expression runs.
 */
export class Substitution {
  #bindings = new Map<string, Type>();
  #fresh = 0;

  /** A type that is still to be found. */
  unknown(): Type {
    return { kind: 'param', name: `%${++this.#fresh}` };
  }

  /** The types with their parameters made new ones, the same for the same name. */
  instantiate(...signature: readonly Type[]): Type[] {
    const names = new Map<string, Type>();
    const rename = (name: string): Type => {
      const known = names.get(name) ?? this.unknown();
      names.set(name, known);
      return known;
    };
    return signature.map((type) => replace(type, rename));
  }

  /** Makes the actual types fit the declared ones, or changes nothing and returns false. */
  assign(declared: readonly Type[], actual: readonly Type[]): boolean {
    const before = new Map(this.#bindings);
    if (declared.length === actual.length && declared.every((type, index) => this.#fit(type, actual[index]!))) {
      return true;
    }
    this.#bindings = before;
    return false;
  }

  /** The type with what is known put in; what isn't stays. */
  resolve(type: Type): Type {
    return replace(type, (name, self) => {
      const bound = this.#bindings.get(name);
      return bound === undefined ? self : this.resolve(bound);
    });
  }

  /** The same, with what nothing was found out about as `dyn`. */
  settle(type: Type): Type {
    return replace(this.resolve(type), () => dyn);
  }

  /** The type of elements that are of either type; undefined: there is none. */
  join(a: Type, b: Type): Type | undefined {
    if (!this.assign([a], [b])) return undefined;
    return isDyn(this.resolve(b)) ? b : a;
  }

  #fit(declared: Type, actual: Type): boolean {
    const a = this.#shallow(declared);
    const b = this.#shallow(actual);
    if (a.kind === 'param' && b.kind === 'param' && a.name === b.name) return true;
    if (a.kind === 'param') return this.#bind(a.name, b);
    if (b.kind === 'param') return this.#bind(b.name, a);
    if (isDyn(a)) return true;
    if (isDyn(b)) {
      // One that may be anything makes what it is compared with anything as well.
      if (declared.kind === 'param') this.#bindings.set(declared.name, dyn);
      return true;
    }
    if (a.kind === 'null_type' || b.kind === 'null_type') return nullable(a) || nullable(b);
    switch (a.kind) {
      case 'list':
        return b.kind === 'list' && this.#fit(a.element, b.element);
      case 'map':
        return b.kind === 'map' && this.#fit(a.key, b.key) && this.#fit(a.value, b.value);
      case 'type':
        return b.kind === 'type';
      case 'object':
        return b.kind === 'object' && a.name === b.name;
      case 'opaque':
        return (
          b.kind === 'opaque' &&
          a.name === b.name &&
          a.parameters.every((parameter, index) => this.#fit(parameter, b.parameters[index] ?? dyn))
        );
      default:
        return a.kind === b.kind;
    }
  }

  #bind(name: string, type: Type): boolean {
    if (mentions(this.resolve(type), name)) return false;
    this.#bindings.set(name, type);
    return true;
  }

  #shallow(type: Type): Type {
    let current = type;
    while (current.kind === 'param') {
      const bound = this.#bindings.get(current.name);
      if (bound === undefined) return current;
      current = bound;
    }
    return current;
  }
}

export function isDyn(type: Type): boolean {
  return type.kind === 'dyn' || type.kind === 'error';
}

export function sameType(a: Type, b: Type): boolean {
  return formatType(a) === formatType(b);
}

/** Whether the value null passes for one of the type. */
function nullable(type: Type): boolean {
  return ['null_type', 'object', 'opaque', 'timestamp', 'duration'].includes(type.kind);
}

function mentions(type: Type, name: string): boolean {
  let found = false;
  replace(type, (other, self) => {
    if (other === name) found = true;
    return self;
  });
  return found;
}

function replace(type: Type, parameter: (name: string, self: Type) => Type): Type {
  switch (type.kind) {
    case 'param':
      return parameter(type.name, type);
    case 'list':
      return { ...type, element: replace(type.element, parameter) };
    case 'map':
      return map(replace(type.key, parameter), replace(type.value, parameter));
    case 'type':
      return typeOfType(replace(type.of, parameter));
    case 'opaque':
      return type.parameters.length === 0
        ? type
        : { ...type, parameters: type.parameters.map((inner) => replace(inner, parameter)) };
    default:
      return type;
  }
}
