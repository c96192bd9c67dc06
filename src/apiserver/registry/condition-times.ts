import { formatTime, type UnstructuredObject } from '../../api/index.ts';
import type { Clock } from '../../base/index.ts';

interface Condition {
  type: string;
  status?: string;
  lastUpdateTime?: string | null;
  lastTransitionTime?: string | null;
}

const conditionsOf = (object: UnstructuredObject): Condition[] =>
  (object as { status?: { conditions?: Condition[] } }).status?.conditions ?? [];

/** Conditions without times are of now; one that was there with the same status has not changed since. `object` is a draft. */
export function timeConditions(object: UnstructuredObject, old: UnstructuredObject, clock: Clock): void {
  const now = formatTime(clock.now());
  for (const condition of conditionsOf(object)) {
    condition.lastUpdateTime ||= now;
    if (condition.lastTransitionTime) continue;
    const before = conditionsOf(old).find(({ type, status }) => type === condition.type && status === condition.status);
    condition.lastTransitionTime = before?.lastTransitionTime || now;
  }
}
