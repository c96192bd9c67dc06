import {
  type certificatesv1,
  formatTime,
  kubeletClientProblem,
  parseCertificateRequest,
  resources,
  signerNames,
} from '../../api/index.ts';
import { type Controller, createController, source } from '../../client/index.ts';
import type { ControllerContext } from '../context.ts';
import { conditionOf } from './conditions.ts';

/** Whether a user may create a subresource of certificate signing requests. */
export type MayRequest = (
  user: { name: string; uid?: string | undefined; groups: readonly string[] },
  subresource: 'selfnodeclient' | 'nodeclient',
) => Promise<boolean>;

/** Approves what nodes ask for themselves, and what who may speak for nodes asks. */
export function certificateApprovingController(context: ControllerContext, may: MayRequest): Controller {
  const { client, informers, clock } = context;
  const requests = informers.informer<certificatesv1.CertificateSigningRequest>(resources.certificateSigningRequests);
  return createController({
    name: 'certificatesigningrequest-approving',
    clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [source(requests)],
    reconciler: {
      async reconcile(name, signal) {
        const request = requests.get(undefined, name);
        if (request === undefined || !isOpen(request)) return undefined;
        const message = await approval(request, may);
        if (message === undefined) return undefined;
        const now = formatTime(clock.now());
        const approved = {
          type: 'Approved',
          status: 'True' as const,
          reason: 'AutoApproved',
          message,
          lastUpdateTime: now,
          lastTransitionTime: now,
        };
        const status = { ...request.status, conditions: [...(request.status?.conditions ?? []), approved] };
        const options = { subresource: 'approval', signal };
        await client.update(resources.certificateSigningRequests, { ...request, status }, options);
        return undefined;
      },
    },
  });
}

function isOpen(request: certificatesv1.CertificateSigningRequest): boolean {
  return (
    request.spec.signerName === signerNames.kubeletClient &&
    !request.status?.certificate &&
    conditionOf(request, 'Approved') === undefined &&
    conditionOf(request, 'Denied') === undefined
  );
}

/** Why it is approved; undefined: it isn't by us. */
async function approval(
  { spec }: certificatesv1.CertificateSigningRequest,
  may: MayRequest,
): Promise<string | undefined> {
  const subject = await parseCertificateRequest(spec.request).catch(() => undefined);
  if (subject === undefined || kubeletClientProblem(subject, { usages: spec.usages ?? [] }) !== undefined) {
    return undefined;
  }
  const user = { name: spec.username ?? '', uid: spec.uid, groups: spec.groups ?? [] };
  if (subject.commonNames[0] === user.name && (await may(user, 'selfnodeclient'))) {
    return 'Auto approving self kubelet client certificate after SubjectAccessReview.';
  }
  if (await may(user, 'nodeclient')) return 'Auto approving kubelet client certificate after SubjectAccessReview.';
  return undefined;
}
