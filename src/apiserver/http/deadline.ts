import { errors } from '../../api/index.ts';

/** Milliseconds that a request may take which is not meant to last; Kubernetes' default. */
export const MAX_REQUEST_MS = 60_000;

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};
const DURATION = /^(?:\d{1,15}(?:\.\d{0,15})?(?:ns|us|µs|ms|s|m|h)){1,8}$/;

/** Milliseconds that a request has: what its query asks for (kubectl's `--request-timeout`), within bounds. 400 when that is no duration. */
export function requestTimeoutOf(query: URLSearchParams): number {
  const text = query.get('timeout');
  if (text === null || text === '' || text === '0') return MAX_REQUEST_MS;
  if (!DURATION.test(text)) {
    throw errors.badRequest(
      `invalid timeout specified in the request URL - time: invalid duration ${JSON.stringify(text)}`,
    );
  }
  let ms = 0;
  for (const [, amount, unit] of text.matchAll(/([\d.]+)(\D+)/g)) ms += Number(amount) * unitMs[unit as string]!;
  return ms > 0 ? Math.min(ms, MAX_REQUEST_MS) : MAX_REQUEST_MS;
}
