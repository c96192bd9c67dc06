/**
 * What this software can say in the log. A cluster has a version too: the lowest of its members', as the log tells; it only
 * grows. Nobody proposes what came with a later one, as a peer that finds in the log what it does not know must stop. So
 * peers are upgraded one after the other, and what is new begins when the last one was.
 *
 * | version | brought                                                                                  |
 * | ------- | ---------------------------------------------------------------------------------------- |
 * | 1       | what there was before peers told theirs                                                  |
 * | 2       | the store's checks of consistency (CHECK, REPORT); notes of peers' lives (leader-notes.ts) |
 */
export const VERSION = 2;

/** Of a peer that does not tell. */
export const FIRST_VERSION = 1;
