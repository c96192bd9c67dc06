import { type certificatesv1, formatTime, parseCertificateRequest, resources, signerRefusal } from '../../api/index.ts';
import { errorMessage } from '../../base/index.ts';
import { type Controller, createController, source } from '../../client/index.ts';
import type { ControllerContext } from '../context.ts';
import { conditionOf } from './conditions.ts';

/** Signs with the cluster's authority. */
export type SignCertificate = (request: {
  /** PEM. */
  request: string;
  usages: readonly string[];
  /** At most; it doesn't outlive the authority. */
  lifeMs: number;
}) => Promise<string>;

const DAY_SECONDS = 24 * 60 * 60;
const DEFAULT_SECONDS = 365 * DAY_SECONDS;
const SIGNERS = /^kubernetes\.io\/(kube-apiserver-client|kube-apiserver-client-kubelet|kubelet-serving)$/;

/** Makes the certificates of requests that are approved, or says why that can't be. */
export function certificateSigningController(context: ControllerContext, sign: SignCertificate): Controller {
  const { client, informers, clock } = context;
  const requests = informers.informer<certificatesv1.CertificateSigningRequest>(resources.certificateSigningRequests);
  return createController({
    name: 'certificatesigningrequest-signing',
    clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [source(requests)],
    reconciler: {
      async reconcile(name, signal) {
        const request = requests.get(undefined, name);
        if (request === undefined || !isDue(request)) return undefined;
        const status = await answer(request);
        await client.update(
          resources.certificateSigningRequests,
          { ...request, status: { ...request.status, ...status } },
          { subresource: 'status', signal },
        );
        return undefined;
      },
    },
  });

  async function answer(
    request: certificatesv1.CertificateSigningRequest,
  ): Promise<certificatesv1.CertificateSigningRequestStatus> {
    const { spec, status } = request;
    const usages = spec.usages ?? [];
    const refusal = await parseCertificateRequest(spec.request).then(
      (subject) => signerRefusal(spec.signerName, subject, { usages, username: spec.username }),
      errorMessage,
    );
    if (refusal !== undefined) {
      const now = formatTime(clock.now());
      const failed = {
        type: 'Failed',
        status: 'True' as const,
        reason: 'SignerValidationFailure',
        message: refusal,
        lastUpdateTime: now,
        lastTransitionTime: now,
      };
      return { conditions: [...(status?.conditions ?? []), failed] };
    }
    const pem = Buffer.from(spec.request, 'base64').toString();
    const lifeMs = Math.min(spec.expirationSeconds ?? DEFAULT_SECONDS, DEFAULT_SECONDS) * 1_000;
    const certificate = await sign({ request: pem, usages, lifeMs });
    return { certificate: Buffer.from(certificate).toString('base64') };
  }
}

function isDue(request: certificatesv1.CertificateSigningRequest): boolean {
  if (!SIGNERS.test(request.spec.signerName) || request.status?.certificate) return false;
  return conditionOf(request, 'Approved') !== undefined && conditionOf(request, 'Failed') === undefined;
}
