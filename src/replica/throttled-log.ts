import type { Clock, Logger } from '../base/index.ts';

const PERIOD_MS = 10_000;
const MAX_SUBJECTS = 1000;

/**
 * Warnings about what others do to us: at most one for each subject in ten seconds, with the number of those left
 * out, so that nobody can fill the disk from outside.
 */
export class ThrottledLog {
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #subjects = new Map<string, { until: number; suppressed: number }>();

  constructor(logger: Logger, clock: Clock) {
    this.#logger = logger;
    this.#clock = clock;
  }

  warn(subject: string, fields: object, message: string): void {
    const now = this.#clock.monotonic();
    const known = this.#subjects.get(subject);
    if (known !== undefined && now < known.until) {
      known.suppressed += 1;
      return;
    }
    if (known === undefined && this.#subjects.size >= MAX_SUBJECTS) this.#subjects.clear();
    this.#subjects.set(subject, { until: now + PERIOD_MS, suppressed: 0 });
    const suppressed = known?.suppressed ?? 0;
    this.#logger.warn(suppressed > 0 ? { ...fields, suppressed } : fields, message);
  }
}
