import type { Exchange } from '../exchange.ts';
import { isLongRunning, type RequestInfo } from '../request-info.ts';
import type { FlowControl } from './flow-control.ts';
import { widthOf } from './width.ts';

const LEVEL_HEADER = 'X-Kubernetes-PF-PriorityLevel-UID';
const SCHEMA_HEADER = 'X-Kubernetes-PF-FlowSchema-UID';

/**
 * Waits until it is a request's turn and tells the client how it was classified: by UIDs, as the names are not everybody's to know.
 * Resolves with the way to give back its seat. What runs long, but for watches, takes none.
 */
export function flowControlStage(
  control: FlowControl,
  count: (info: RequestInfo) => number,
): (exchange: Exchange) => Promise<() => void> {
  return async (exchange) => {
    const { info, user, query, response } = exchange;
    if (isLongRunning(info) && info.verb !== 'watch') return () => {};
    const admission = control.admit(
      { user, info },
      () => widthOf(info, query, count),
      () => exchange.signal,
    );
    const { schemaUid, levelUid, release } = admission instanceof Promise ? await admission : admission;
    if (schemaUid !== '' && !response.headersSent) {
      response.setHeader(LEVEL_HEADER, levelUid);
      response.setHeader(SCHEMA_HEADER, schemaUid);
    }
    return release;
  };
}
