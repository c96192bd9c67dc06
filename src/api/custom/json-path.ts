import { getOwn, isPlainObject } from '../plain.ts';

/** One step of a path: from a value to those that it leads to. */
type Step = (value: unknown) => readonly unknown[];

/** A path into objects, in the dialect of kubectl and of printer columns. */
export interface JsonPath {
  readonly text: string;
  /** The field names, if the path is nothing but those: such a path can be written to. */
  readonly fields: readonly string[] | undefined;
  /** Everything that it leads to, in order. */
  find(object: unknown): unknown[];
}

/** Longer ones are nobody's. */
const MAX_LENGTH = 2_048;

/**
 * Reads `.spec.ports[0].name`, `.metadata.labels['a\.b']`, `.status.conditions[?(@.type=="Ready")].status`, `.items[*]`,
 * with or without braces around. Undefined: it isn't one.
 */
export function parseJsonPath(source: string): JsonPath | undefined {
  if (source.length > MAX_LENGTH) return undefined;
  let text = source.startsWith('{') && source.endsWith('}') ? source.slice(1, -1) : source;
  if (text.startsWith('$')) text = text.slice(1);
  const steps: Step[] = [];
  const fields: string[] = [];
  let simple = true;
  for (let rest = text; rest !== ''; ) {
    const field = /^\.((?:\\.|[^.[\\])+)/.exec(rest);
    const bracket = field === null ? /^\[(?:'((?:\\.|[^'\\])*)'|(-?\d+)|(\*)|\?\((.*?)\))\]/.exec(rest) : null;
    if (field === null && bracket === null) return undefined;
    rest = rest.slice((field ?? bracket)![0].length);
    const name = field?.[1] ?? bracket?.[1];
    if (name !== undefined && !(field !== null && name === '*')) {
      const plain = name.replace(/\\(.)/g, '$1');
      fields.push(plain);
      steps.push((value) => (isPlainObject(value) && Object.hasOwn(value, plain) ? [getOwn(value, plain)] : []));
      continue;
    }
    simple = false;
    const step = bracket === null || bracket[3] !== undefined ? everyPart : bracketStep(bracket);
    if (step === undefined) return undefined;
    steps.push(step);
  }
  return {
    text: source,
    fields: simple ? fields : undefined,
    find: (object) => steps.reduce<unknown[]>((values, step) => values.flatMap(step), [object]),
  };
}

const everyPart: Step = (value) => (Array.isArray(value) ? value : isPlainObject(value) ? Object.values(value) : []);

function bracketStep([, , index, , filter]: RegExpExecArray): Step | undefined {
  if (index !== undefined) {
    return (value) => {
      const item = Array.isArray(value) ? value.at(Number(index)) : undefined;
      return item === undefined ? [] : [item];
    };
  }
  const match = /^\s*@((?:\.(?:\\.|[\w/-])+)+)\s*(?:(==|!=|<=|>=|<|>)\s*(.+?)\s*)?$/.exec(filter!);
  if (match === null) return undefined;
  const [, inner = '', operator, literal] = match;
  const path = parseJsonPath(inner);
  const wanted = literal === undefined ? undefined : literalOf(literal);
  if (path === undefined || (literal !== undefined && wanted === undefined)) return undefined;
  const passes = (item: unknown): boolean => {
    const [found] = path.find(item);
    return operator === undefined ? found !== undefined : compares(found, operator, wanted!);
  };
  return (value) => (Array.isArray(value) ? value.filter(passes) : []);
}

type Literal = string | number | boolean;

function literalOf(text: string): Literal | undefined {
  const quoted = /^"(.*)"$|^'(.*)'$/.exec(text);
  if (quoted !== null) return quoted[1] ?? quoted[2] ?? '';
  if (text === 'true' || text === 'false') return text === 'true';
  return text !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined;
}

function compares(found: unknown, operator: string, wanted: Literal): boolean {
  if (typeof found !== typeof wanted) return operator === '!=' && found !== undefined;
  const value = found as Literal;
  switch (operator) {
    case '==':
      return value === wanted;
    case '!=':
      return value !== wanted;
    case '<':
      return value < wanted;
    case '<=':
      return value <= wanted;
    case '>':
      return value > wanted;
    default:
      return value >= wanted;
  }
}
