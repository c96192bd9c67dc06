import type { Exchange } from '../exchange.ts';
import { isLongRunning, type RequestInfo } from '../request-info.ts';
import type { FlowControl } from './flow-control.ts';
import { WatchCounts } from './watch-counts.ts';
import { workOf } from './work.ts';

const LEVEL_HEADER = 'X-Kubernetes-PF-PriorityLevel-UID';
const SCHEMA_HEADER = 'X-Kubernetes-PF-FlowSchema-UID';

/**
 * Waits until it is a request's turn and tells the client how it was classified: by UIDs, as the names are not everybody's to know.
 * Resolves with the way to give back its seat. What runs long, but for watches, takes none.
 */
export function flowControlStage(
  control: FlowControl,
  objects: (info: RequestInfo) => number,
): (exchange: Exchange) => Promise<() => void> {
  const watches = new WatchCounts();
  const counts = { objects, watches: (info: RequestInfo) => watches.interested(info) };
  return async (exchange) => {
    const { info, user, query, response } = exchange;
    if (isLongRunning(info) && info.verb !== 'watch') return () => {};
    const admission = control.admit(
      { user, info },
      () => workOf(info, query, counts),
      () => exchange.signal,
    );
    const { schemaUid, levelUid, release } = admission instanceof Promise ? await admission : admission;
    if (schemaUid !== '' && !response.headersSent) {
      response.setHeader(LEVEL_HEADER, levelUid);
      response.setHeader(SCHEMA_HEADER, schemaUid);
    }
    if (info.verb === 'watch') countWatch(exchange, watches);
    return release;
  };
}

function countWatch({ info, query, signal }: Exchange, watches: WatchCounts): void {
  const selected = /^metadata\.name=([^,=!]+)$/.exec(query.get('fieldSelector') ?? '')?.[1];
  const end = watches.begin({ ...info, name: info.name || (selected ?? '') });
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
}
