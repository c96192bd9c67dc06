import { errorMessage } from '../base/index.ts';
import type { Exchange } from './exchange.ts';
import { sendText } from './http/respond.ts';
import type { Route } from './server.ts';

/** One thing that must be well. Rejects, or throws, with the reason when it is not. */
export interface HealthCheck {
  name: string;
  /** Whether a failure means "restart me" (livez) or only "send me no requests" (readyz). */
  live: boolean;
  check(signal: AbortSignal): Promise<void> | void;
}

const CHECK_TIMEOUT_MS = 5_000;

/** `/livez`, `/readyz`, `/healthz` (with `?verbose`, `?exclude=NAME`, and `/NAME` for a single check), as Kubernetes answers them. */
export function healthRoute(checks: readonly HealthCheck[]): Route {
  return async (exchange) => {
    const match = /^\/(healthz|livez|readyz)(?:\/([\w.-]+))?$/.exec(exchange.info.path);
    if (match === null || exchange.info.verb !== 'get') return false;
    const [, endpoint = '', only] = match;
    const chosen = checks.filter(({ name, live }) =>
      only === undefined ? live || endpoint !== 'livez' : name === only,
    );
    if (only !== undefined && chosen.length === 0) return false;
    await answer(exchange, endpoint, chosen);
    return true;
  };
}

async function answer(exchange: Exchange, endpoint: string, checks: readonly HealthCheck[]): Promise<void> {
  const excluded = new Set(exchange.query.getAll('exclude'));
  // All at once: what is ill often is so in several ways, each of which takes its time to show.
  const results = await Promise.all(
    checks.map(async ({ name, check }) => {
      if (excluded.has(name)) return { well: true, line: `[+]${name} excluded: ok` };
      try {
        await check(AbortSignal.timeout(CHECK_TIMEOUT_MS));
        return { well: true, line: `[+]${name} ok` };
      } catch (error) {
        return { well: false, line: `[-]${name} failed: ${errorMessage(error)}` };
      }
    }),
  );
  const lines = results.map(({ line }) => line);
  const failed = results.some(({ well }) => !well);
  if (failed) await sendText(exchange, 500, `${lines.join('\n')}\n${endpoint} check failed\n`);
  else if (exchange.query.has('verbose'))
    await sendText(exchange, 200, `${lines.join('\n')}\n${endpoint} check passed\n`);
  else await sendText(exchange, 200, 'ok');
}
