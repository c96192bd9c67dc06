import { KeelsonError } from '../../base/index.ts';
import { BitSet } from './bit-set.ts';
import { type Event, EventList } from './event-list.ts';
import type { Operation } from './history.ts';
import type { Model } from './model.ts';

export interface CheckOptions {
  /** Transitions to try before giving up. Default 1 000 000. */
  maxSteps?: number;
}

/** `order` holds places in the history. Of an illegal one it is the longest order found that explains the beginning. */
export type Verdict =
  | { verdict: 'linearizable'; steps: number; order: readonly number[] }
  /** `stuck`: the operation whose return nothing explains after that. */
  | { verdict: 'illegal'; steps: number; order: readonly number[]; stuck: number }
  | { verdict: 'undecided'; steps: number };

/** Of one history; the search keeps a bit of each operation in each state that it remembers. */
const MAX_OPERATIONS = 100_000;

/**
 * Whether the operations of one object can be put in an order that agrees with real time and with the model: the
 * depth-first search of Wing and Gong (1993), which remembers where it has been as Lowe proposed ("Testing for
 * linearizability", 2017), with an operation linearized no sooner than a return forces a choice, as in Porcupine.
 * Operations of unknown outcome may take effect at any time after their call, or never. Rejects histories that
 * are too long with code INVALID.
 */
export function checkLinearizability<Input, Output>(
  model: Model<Input, Output>,
  operations: readonly Operation<Input, Output>[],
  { maxSteps = 1_000_000 }: CheckOptions = {},
): Verdict {
  if (operations.length > MAX_OPERATIONS) {
    throw new KeelsonError('INVALID', `a history of ${operations.length} operations is too long: split it`);
  }
  const events = new EventList(operations, model.leavesNoSign(operations));
  const linearized = new BitSet(operations.length);
  const seen = new Set<string>();
  const path: { call: Event; before: string }[] = [];
  let state = model.initial;
  let open = operations.filter((operation) => Number.isFinite(operation.return)).length;
  let steps = 0;
  let best: number[] = [];
  let stuck = -1;
  let at = events.first;
  /** Of the candidates, the answered are tried before the unanswered, which may take effect at any later time too. */
  let answered = true;
  while (open > 0) {
    if (at.isCall && (at.answer !== undefined) === answered) {
      if (steps === maxSteps) return { verdict: 'undecided', steps };
      steps += 1;
      const { input, output } = operations[at.operation]!;
      const next = model.step(state, input, output);
      if (next !== undefined && isNew(at.operation, next)) {
        path.push({ call: at, before: state });
        events.lift(at);
        if (at.answer !== undefined) open -= 1;
        state = next;
        at = events.first;
        answered = true;
      } else {
        at = at.next;
      }
      continue;
    }
    if (at.isCall) {
      at = at.next;
      continue;
    }
    if (answered) {
      answered = false;
      at = events.first;
      continue;
    }
    // Somebody was answered here, and no order so far explains the answer.
    if (path.length >= best.length) {
      best = path.map(({ call }) => call.operation);
      stuck = at.operation;
    }
    const last = path.pop();
    if (last === undefined) return { verdict: 'illegal', steps, order: best, stuck };
    const { call, before } = last;
    events.putBack(call);
    answered = call.answer !== undefined;
    if (answered) open += 1;
    linearized.delete(call.operation);
    state = before;
    at = call.next;
  }
  return { verdict: 'linearizable', steps, order: path.map(({ call }) => call.operation) };

  /** Marks the operation as linearized, unless that leads to where the search has been. */
  function isNew(operation: number, next: string): boolean {
    linearized.add(operation);
    const place = `${linearized.name}|${next}`;
    if (seen.has(place)) {
      linearized.delete(operation);
      return false;
    }
    seen.add(place);
    return true;
  }
}
