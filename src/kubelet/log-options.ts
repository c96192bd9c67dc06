import { booleanParameter, parseTime } from '../api/index.ts';
import type { LogOptions } from '../runtime/index.ts';

/** A query of `/containerLogs`, read; or what is wrong with it. */
export type LogQuery = { options: LogOptions; previous: boolean } | { error: string };

/** Reads the parameters of `kubectl logs`. */
export function parseLogQuery(query: URLSearchParams, nowMs: number): LogQuery {
  const options: LogOptions = {
    follow: booleanParameter(query, 'follow') ?? false,
    timestamps: booleanParameter(query, 'timestamps') ?? false,
  };
  const numbers = { tailLines: 0, limitBytes: 1, sinceSeconds: 1 };
  const values: Record<string, number> = {};
  for (const [name, min] of Object.entries(numbers)) {
    const text = query.get(name);
    if (!text) continue;
    const value = Number(text);
    if (!Number.isSafeInteger(value) || value < min) {
      const need = min === 0 ? 'must be greater than or equal to 0' : 'must be greater than 0';
      return { error: `invalid ${name}: "${text}": ${need}` };
    }
    values[name] = value;
  }
  const sinceTime = query.get('sinceTime');
  if (sinceTime && values.sinceSeconds !== undefined) {
    return { error: 'at most one of `sinceTime` or `sinceSeconds` may be specified' };
  }
  if (sinceTime) {
    options.sinceTimeMs = parseTime(sinceTime);
    if (options.sinceTimeMs === undefined) return { error: `invalid sinceTime: "${sinceTime}"` };
  }
  if (values.sinceSeconds !== undefined) options.sinceTimeMs = nowMs - values.sinceSeconds * 1000;
  if (values.tailLines !== undefined) options.tailLines = values.tailLines;
  if (values.limitBytes !== undefined) options.limitBytes = values.limitBytes;
  return { options, previous: booleanParameter(query, 'previous') ?? false };
}
