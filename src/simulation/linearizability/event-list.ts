import type { Operation } from './history.ts';

/** The call or the return of an operation. */
export interface Event {
  /** The operation's place in the history. */
  readonly operation: number;
  /** Of a call: the return; undefined when it never came, or when this is one. */
  readonly answer: Event | undefined;
  readonly isCall: boolean;
  previous: Event;
  next: Event;
}

/**
 * The calls and returns of a history in order of time, as a ring from which an operation is lifted and put back in
 * constant time ("dancing links"). What happens at one time counts as concurrent: calls come first.
 */
export class EventList<Input, Output> {
  /** Before the first and after the last event. */
  readonly #ends: Event;

  /** Leaves out the operations of unknown outcome that `isIdle`. */
  constructor(operations: readonly Operation<Input, Output>[], isIdle: (input: Input) => boolean) {
    const events: { time: number; event: Event }[] = [];
    for (const [operation, { call, return: returned, input }] of operations.entries()) {
      const isAnswered = Number.isFinite(returned);
      if (!isAnswered && isIdle(input)) continue;
      const answer = isAnswered ? newEvent(operation, false, undefined) : undefined;
      events.push({ time: call, event: newEvent(operation, true, answer) });
      if (answer !== undefined) events.push({ time: returned, event: answer });
    }
    events.sort((a, b) => a.time - b.time || Number(b.event.isCall) - Number(a.event.isCall));
    this.#ends = newEvent(-1, false, undefined);
    for (const { event } of events) insert(event, this.#ends.previous, this.#ends);
  }

  get first(): Event {
    return this.#ends.next;
  }

  /** Takes out a call with its return. */
  lift(call: Event): void {
    remove(call);
    if (call.answer !== undefined) remove(call.answer);
  }

  /** Undoes the latest `lift` that isn't undone. */
  putBack(call: Event): void {
    if (call.answer !== undefined) insert(call.answer, call.answer.previous, call.answer.next);
    insert(call, call.previous, call.next);
  }
}

function newEvent(operation: number, isCall: boolean, answer: Event | undefined): Event {
  const event = { operation, isCall, answer } as Event;
  event.previous = event;
  event.next = event;
  return event;
}

function insert(event: Event, previous: Event, next: Event): void {
  event.previous = previous;
  event.next = next;
  previous.next = event;
  next.previous = event;
}

function remove({ previous, next }: Event): void {
  previous.next = next;
  next.previous = previous;
}
