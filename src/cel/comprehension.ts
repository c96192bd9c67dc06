import type { Comprehension } from './ast.ts';
import type { Checked } from './checked.ts';
import { CostExceededError, EvaluationError } from './errors.ts';
import { type Frame, insert, type Locals, plan, type Step, truth, withLocals } from './interpreter.ts';
import { isList, LiteralMap, MapValue, type Value } from './values.ts';

/** What each turn of a loop counts for, beside its body. */
const TURN_COST = 3;

/** Runs the turns; each returns whether to go on. */
type Loop = (frame: Frame, turn: (key: Value, element: Value) => boolean) => void;

/** Makes a function of a loop over a list or a map. */
export function planComprehension(
  { operation, variables, filter, body }: Comprehension,
  range: Step,
  checked: Checked,
  locals: Locals,
): Step {
  const inner = withLocals(locals, variables);
  const step = plan(body, checked, inner);
  const accepts = filter === undefined ? undefined : plan(filter, checked, inner);
  const loop = loopOver(range, locals.next, variables.length === 2, accepts);
  switch (operation) {
    case 'all':
      return quantifier(loop, step, false);
    case 'exists':
      return quantifier(loop, step, true);
    case 'existsOne':
      return (frame) => {
        let count = 0;
        loop(frame, () => {
          if (truth(step(frame))) count++;
          return true;
        });
        return count === 1;
      };
    case 'filter':
      return collect(loop, (frame, element, result) => {
        if (truth(step(frame))) result.push(element);
      });
    case 'map':
    case 'transformList':
      return collect(loop, (frame, _element, result) => result.push(step(frame)));
    case 'transformMap':
      return collectEntries(loop, (frame, key, add) => add(key, step(frame)));
    case 'transformMapEntry':
      return collectEntries(loop, (frame, _key, add) => {
        const entry = step(frame);
        if (!(entry instanceof MapValue)) throw new EvaluationError('no such overload');
        for (const key of entry.keys()) add(key, entry.get(key)!);
      });
  }
}

function loopOver(range: Step, slot: number, two: boolean, accepts: Step | undefined): Loop {
  return (frame, turn) => {
    const over = range(frame);
    const map = over instanceof MapValue ? over : undefined;
    if (map === undefined && !isList(over)) throw new EvaluationError('no such overload');
    const elements = map?.keys() ?? (over as readonly Value[]);
    for (const [position, item] of elements.entries()) {
      frame.budget.spend(TURN_COST);
      const key = map === undefined ? BigInt(position) : item;
      const element = map !== undefined && two ? map.get(item)! : item;
      if (two) frame.slots[slot] = key;
      frame.slots[two ? slot + 1 : slot] = element;
      if (accepts !== undefined && !truth(accepts(frame))) continue;
      if (!turn(key, element)) return;
    }
  };
}

/** An element that decides is enough, whatever is wrong with the others. */
function quantifier(loop: Loop, step: Step, decisive: boolean): Step {
  return (frame) => {
    let failure: unknown;
    let decided = false;
    loop(frame, () => {
      try {
        decided = truth(step(frame)) === decisive;
      } catch (error) {
        if (!(error instanceof EvaluationError) || error instanceof CostExceededError) throw error;
        failure ??= error;
      }
      return !decided;
    });
    if (decided) return decisive;
    if (failure !== undefined) throw failure;
    return !decisive;
  };
}

function collect(loop: Loop, add: (frame: Frame, element: Value, result: Value[]) => void): Step {
  return (frame) => {
    const result: Value[] = [];
    loop(frame, (_key, element) => {
      add(frame, element, result);
      return true;
    });
    return result;
  };
}

function collectEntries(
  loop: Loop,
  turn: (frame: Frame, key: Value, add: (key: Value, value: Value) => void) => void,
): Step {
  return (frame) => {
    const result = new Map<unknown, readonly [Value, Value]>();
    loop(frame, (key) => {
      turn(frame, key, (name, value) => insert(result, name, value, 'insert failed: key already exists'));
      return true;
    });
    return new LiteralMap(result);
  };
}
