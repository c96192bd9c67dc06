import type { Expression } from '../ast.ts';
import type { Overload } from '../functions.ts';
import type { Type } from '../types.ts';
import { either, exactly, MOST, plus, type Range, scaled, times, unknown } from './range.ts';

/** What a call is about: one of its arguments, or what it is a method of. */
export interface Operand {
  readonly expression: Expression;
  readonly type: Type;
  /** Of a text, a list or a map. */
  readonly size: Range;
  /** Of a list's items. */
  itemSize(): Range;
}

export interface CallEstimate {
  /** Without what the arguments cost. */
  readonly cost: Range;
  /** The size of the result, where it can be told. */
  readonly result?: Range;
}

/** A tenth of a step for a character, a quarter for one of a pattern: as CEL and Kubernetes reckon. */
const TRAVERSAL = 0.1;
const PATTERN = 0.25;
/** So that two access checks are what one expression may make. */
const ACCESS_CHECK = 350_000;
/** Characters of the patterns behind names' formats. */
const FORMAT_PATTERN = 128;

const one: CallEstimate = { cost: exactly(1) };
const traversed = ({ size }: Operand): CallEstimate => ({ cost: scaled(size, TRAVERSAL) });
const same = (text: Operand): CallEstimate => ({ ...traversed(text), result: text.size });

type Estimator = (operands: readonly Operand[], overload: Overload) => CallEstimate;

/** What a call costs at least and at most. The estimate decides which definitions are taken: change nothing on its own. */
export function estimateCall(overload: Overload, operands: readonly Operand[]): CallEstimate {
  const estimator = (overload.method ? methods : functions)[overload.name];
  return estimator?.(operands, overload) ?? one;
}

const functions: Readonly<Record<string, Estimator | undefined>> = {
  '_==_': equality,
  '_!=_': equality,
  '_<_': comparison,
  '_<=_': comparison,
  '_>_': comparison,
  '_>=_': comparison,
  '_+_': addition,
  '@in': ([, within], { parameters: [, container] }) => (container?.kind === 'list' ? { cost: within!.size } : one),
  url: ([text]) => traversed(text!),
  semver: ([text]) => traversed(text!),
  isSemver: ([text]) => traversed(text!),
  bytes: ([text], { parameters: [from] }) =>
    from?.kind === 'string'
      ? { ...traversed(text!), result: { min: text!.size.min, max: Math.min(text!.size.max * 4, MOST) } }
      : one,
  string: ([text], { parameters: [from] }) =>
    from?.kind === 'bytes'
      ? { ...traversed(text!), result: { min: Math.floor(text!.size.min / 4), max: text!.size.max } }
      : one,
  'strings.quote': ([text]) => ({
    ...traversed(text!),
    result: plus(text!.size, { min: 2, max: Math.min(text!.size.max + 2, MOST) }),
  }),
  'sets.contains': ([a, b]) => ({ cost: plus(times(a!.size, b!.size), exactly(1)) }),
  'sets.intersects': ([a, b]) => ({ cost: plus(times(a!.size, b!.size), exactly(1)) }),
  'sets.equivalent': ([a, b]) => ({ cost: plus(scaled(times(a!.size, b!.size), 2), exactly(1)) }),
};

const methods: Readonly<Record<string, Estimator | undefined>> = {
  check: () => ({ cost: exactly(ACCESS_CHECK) }),
  isSorted: everyItem,
  sum: everyItem,
  max: everyItem,
  min: everyItem,
  indexOf: everyItem,
  lastIndexOf: everyItem,
  lowerAscii: ([text]) => same(text!),
  upperAscii: ([text]) => same(text!),
  substring: ([text]) => same(text!),
  trim: ([text]) => same(text!),
  format: ([text]) => traversed(text!),
  startsWith: ([, part]) => traversed(part!),
  endsWith: ([, part]) => traversed(part!),
  contains: ([text, part]) => ({ cost: times(scaled(text!.size, TRAVERSAL), scaled(part!.size, TRAVERSAL)) }),
  matches: ([text, pattern]) => ({ cost: matching(text!, pattern!) }),
  find: ([text, pattern]) => ({ cost: matching(text!, pattern!), result: { min: 0, max: text!.size.max } }),
  findAll: ([text, pattern]) => ({ cost: matching(text!, pattern!), result: { min: 0, max: text!.size.max } }),
  replace: ([text, from, to]) => ({
    cost: scaled(text!.size, 2 * TRAVERSAL),
    result: replaced(text!.size, from!.size, to!.size),
  }),
  split: ([text, , limit]) => ({
    cost: scaled(text!.size, 2 * TRAVERSAL),
    result: { min: 0, max: limitOf(limit) ?? text!.size.max },
  }),
  join([list, separator]) {
    const between = {
      min: Math.max(0, list!.size.min - 1),
      max: Math.max(0, list!.size.max - 1),
    };
    const items = times(list!.size, list!.itemSize());
    const result = separator === undefined ? items : plus(items, times(separator.size, between));
    return { cost: scaled(result, TRAVERSAL), result };
  },
  validate: ([, text]) => ({ cost: scaled(scaled(text!.size, TRAVERSAL), FORMAT_PATTERN * PATTERN) }),
  containsIP: ([, other], overload) => ({ cost: plus(scaled(twoAddresses, TRAVERSAL), parsed(overload, other!)) }),
  containsCIDR: ([, other], overload) => ({
    cost: plus(scaled(twoAddresses, TRAVERSAL), scaled(address, TRAVERSAL), exactly(1), parsed(overload, other!)),
  }),
};

/** Bytes of addresses of both families. */
const address: Range = { min: 4, max: 16 };
const twoAddresses = plus(address, address);

function parsed({ parameters: [, other] }: Overload, { size }: Operand): Range {
  return other?.kind === 'string' ? scaled(size, TRAVERSAL) : exactly(0);
}

function equality([a, b]: readonly Operand[]): CallEstimate {
  const max = Math.min(a!.size.max, b!.size.max);
  return { cost: scaled({ min: max > 0 ? 1 : 0, max }, TRAVERSAL) };
}

function comparison(operands: readonly Operand[], { parameters: [type] }: Overload): CallEstimate {
  return type?.kind === 'string' || type?.kind === 'bytes' ? equality(operands) : one;
}

function addition([a, b]: readonly Operand[], { parameters: [type] }: Overload): CallEstimate {
  const result = plus(a!.size, b!.size);
  if (type?.kind === 'list') return { cost: exactly(1), result };
  return type?.kind === 'string' || type?.kind === 'bytes' ? { cost: scaled(result, TRAVERSAL), result } : one;
}

/** One step for each item, and what it takes to look through those that are texts. */
function everyItem([list]: readonly Operand[]): CallEstimate {
  const { type, size } = list!;
  if (type.kind !== 'list') return traversed(list!);
  const { kind } = type.element;
  const each = kind === 'string' || kind === 'bytes' ? scaled(list!.itemSize(), TRAVERSAL) : exactly(0);
  return { cost: times(size, plus(exactly(1), each)) };
}

/** One more than the text has, so that a pattern costs something where the text is empty. */
function matching(text: Operand, pattern: Operand): Range {
  return times(scaled(plus(text.size, exactly(1)), TRAVERSAL), scaled(pattern.size, PATTERN));
}

/** The size of a text in which others were replaced: where nothing is replaced, the new goes around every character. */
function replaced(text: Range, from: Range, to: Range): Range {
  const most = (): number => {
    if (from.min === 0) return (text.max + 1) * to.max + text.max;
    return to.max <= from.min ? text.max : Math.ceil(text.max / from.min) * to.max;
  };
  const least = (): number => {
    if (from.max === 0) return (text.min + 1) * to.min + text.min;
    return from.max <= to.min ? text.min : Math.ceil(text.min / from.max) * to.min;
  };
  return either(exactly(Math.min(least(), MOST)), exactly(Math.min(most(), MOST)));
}

function limitOf(limit: Operand | undefined): number | undefined {
  if (limit?.expression.kind !== 'literal' || typeof limit.expression.value !== 'bigint') return undefined;
  return limit.expression.value < 0n ? unknown.max : Number(limit.expression.value);
}
