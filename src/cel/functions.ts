import type { Type } from './types.ts';
import * as types from './types.ts';
import type { Value } from './values.ts';

/** One way to call a function. A method's first parameter is what it is called on. */
export interface Overload {
  readonly name: string;
  readonly method: boolean;
  readonly parameters: readonly Type[];
  readonly result: Type;
  /** Steps that a call counts for, known before it is made. */
  cost(args: readonly Value[]): number;
  /** Throws EvaluationError. Gets values of the parameters' types; what is in lists and maps is for it to check. */
  call(args: readonly Value[], spend: Spend): Value;
}

export type Library = readonly Overload[];
export type Cost = (args: readonly Value[]) => number;
/** Told how many characters or elements are looked at; throws when that is too much. */
export type Spend = (size: number) => void;

const signature = /^(?:\((.+)\)\.)?([^\s(]+)\((.*)\): (.+)$/;
const one: Cost = () => 1;

/**
 * Declares a function by its signature: `size(string): int`, or of a method `(string).charAt(int): string`. Capital
 * letters stand for any type, names that aren't types of the language for a library's own. Behind its arguments the function
 * gets a way to spend what can't be known before.
 */
export function declare(text: string, call: (...args: never[]) => Value, cost: Cost = one): Overload {
  const match = signature.exec(text);
  if (match === null) throw new TypeError(`not a signature: ${text}`);
  const [, receiver, name = '', parameters = '', result = ''] = match;
  const invoke = call as unknown as (...args: readonly unknown[]) => Value;
  return {
    name,
    method: receiver !== undefined,
    parameters: [...(receiver === undefined ? [] : [receiver]), ...splitTypes(parameters)].map(parseType),
    result: parseType(result),
    call: (args, spend) => invoke(...args, spend),
    cost,
  };
}

/** The functions of several libraries, by name. */
export function functionTable(libraries: readonly Library[]): ReadonlyMap<string, readonly Overload[]> {
  return Map.groupBy(libraries.flat(), ({ name }) => name);
}

const simpleTypes = new Map<string, Type>([
  ['dyn', types.dyn],
  ['bool', types.bool],
  ['int', types.int],
  ['uint', types.uint],
  ['double', types.double],
  ['string', types.string],
  ['bytes', types.bytes],
  ['null', types.nullType],
  ['timestamp', types.timestamp],
  ['duration', types.duration],
]);

/** `map<string, list<T>>` and the like. */
export function parseType(text: string): Type {
  const simple = simpleTypes.get(text);
  if (simple !== undefined) return simple;
  if (/^[A-Z]$/.test(text)) return types.param(text);
  const open = text.indexOf('<');
  if (open < 0) return types.opaque(text);
  const [first = types.dyn, second = types.dyn] = splitTypes(text.slice(open + 1, -1)).map(parseType);
  switch (text.slice(0, open)) {
    case 'list':
      return types.list(first);
    case 'map':
      return types.map(first, second);
    case 'optional':
      return types.optional(first);
    case 'type':
      return types.typeOfType(first);
    default:
      throw new TypeError(`not a type: ${text}`);
  }
}

function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let index = 0; index <= text.length; index++) {
    const character = text[index] ?? ',';
    if (character === '<') depth++;
    else if (character === '>') depth--;
    else if (character === ',' && depth === 0) {
      parts.push(text.slice(start, index).trim());
      start = index + 1;
    }
  }
  return parts.filter((part) => part !== '');
}
