import { X509Certificate } from 'node:crypto';
import { type certificatesv1, parseTime, reasonOf, resources } from '../../api/index.ts';
import { type Controller, createController, source } from '../../client/index.ts';
import type { ControllerContext } from '../context.ts';
import { conditionOf } from './conditions.ts';

const HOUR_MS = 60 * 60_000;
/** How long a request is kept after it was decided, and while nobody decides, as in Kubernetes. */
const KEPT_DECIDED_MS = HOUR_MS;
const KEPT_PENDING_MS = 24 * HOUR_MS;

type Request = certificatesv1.CertificateSigningRequest;

/** Deletes certificate signing requests that are of no use any more. */
export function certificateCleanerController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const requests = informers.informer<Request>(resources.certificateSigningRequests);
  return createController({
    name: 'certificatesigningrequest-cleaner',
    clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [source(requests)],
    reconciler: {
      async reconcile(name, signal) {
        const request = requests.get(undefined, name);
        if (request === undefined) return undefined;
        const waitMs = endOf(request) - clock.now();
        if (waitMs > 0) return { requeueAfterMs: waitMs };
        const preconditions = { uid: request.metadata.uid! };
        const gone = client.delete(resources.certificateSigningRequests, undefined, name, { preconditions, signal });
        await gone.catch((error: unknown) => {
          if (reasonOf(error) !== 'NotFound' && reasonOf(error) !== 'Conflict') throw error;
        });
        return undefined;
      },
    },
  });
}

/** When a request is of no use any more, in milliseconds since 1970. */
export function endOf(request: Request): number {
  const decided = ['Approved', 'Denied', 'Failed'].flatMap((type) => {
    const condition = conditionOf(request, type);
    const at = parseTime(condition?.lastUpdateTime ?? condition?.lastTransitionTime ?? '');
    return at === undefined ? [] : [at + KEPT_DECIDED_MS];
  });
  const created = parseTime(request.metadata.creationTimestamp ?? '') ?? 0;
  const ends = [...decided, ...certificateEnd(request)];
  return ends.length > 0 ? Math.min(...ends) : created + KEPT_PENDING_MS;
}

function certificateEnd({ status }: Request): number[] {
  if (!status?.certificate) return [];
  try {
    return [Date.parse(new X509Certificate(Buffer.from(status.certificate, 'base64')).validTo)];
  } catch {
    // Whatever another signer has put there.
    return [];
  }
}
