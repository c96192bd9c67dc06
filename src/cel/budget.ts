import { CostExceededError } from './errors.ts';

/** What one evaluation of an expression may cost in Kubernetes, and all that one request causes together. */
export const PER_CALL_LIMIT = 1_000_000;
export const PER_REQUEST_LIMIT = 10_000_000;

/**
 * What evaluations may still cost, in steps: one for each selection and call, a tenth for each character that is looked
 * at. So an expression's time is bounded whatever it is and whatever it is about.
 */
export class Budget {
  #remaining: number;

  constructor(limit: number) {
    this.#remaining = limit;
  }

  get remaining(): number {
    return this.#remaining;
  }

  /** Throws CostExceededError when that is more than is left. */
  spend(cost: number): void {
    this.#remaining -= cost;
    if (this.#remaining < 0) throw new CostExceededError();
  }
}

/** A tenth of a step for each character, byte or element. */
export function traversal(size: number): number {
  return Math.ceil(size * 0.1);
}
