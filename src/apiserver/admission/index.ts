import { type Logger, type Random, randomInteger } from '../../base/index.ts';
import { type Authorizer, superuserAuthorizer } from '../authorization/types.ts';
import { randomUuid } from '../registry/metadata.ts';
import type { StateReader } from '../registry/types.ts';
import {
  certificateApproval,
  certificateRequester,
  certificateSigning,
  certificateSubjectRestriction,
} from './certificates.ts';
import { persistentVolumeClaimResize } from './claim-resize.ts';
import { defaultIngressClass, defaultStorageClass } from './default-classes.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { limitRanger } from './limit-ranger.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { podSecurity } from './pod-security/index.ts';
import { validatingPolicies } from './policy/index.ts';
import { priority } from './priority.ts';
import { rbacEscalation } from './rbac-escalation.ts';
import { resourceQuota } from './resource-quota.ts';
import { runtimeClass } from './runtime-class.ts';
import { serviceAccount } from './service-account.ts';
import { storageObjectInUseProtection } from './storage-in-use.ts';
import { taintNodesByCondition } from './taint-nodes.ts';
import type { Admission, AdmissionAttributes, AdmissionPlugin } from './types.ts';
import {
  endpointResolver,
  httpsTransport,
  mutatingWebhooks,
  validatingWebhooks,
  type WebhookTransport,
} from './webhook/index.ts';

export type * from './types.ts';
export type { WebhookTransport };
export {
  defaultTolerationSeconds,
  limitRanger,
  namespaceLifecycle,
  nodeRestriction,
  priority,
  resourceQuota,
  serviceAccount,
};

export interface AdmissionOptions {
  /** How long a pod stays on a node that is lost, unless it says something else. Default: five minutes. */
  unreachableTolerationSeconds?: number;
  /** Names the volumes with the tokens that pods get; absent: they get none. */
  tokenVolumes?: Random | undefined;
  random: Random;
  logger: Logger;
  /** For expressions that ask it. Default: only members of system:masters are allowed anything. */
  authorizer?: Authorizer;
  /** How webhooks are reached. Default: over HTTPS. */
  transport?: WebhookTransport;
}

/** The plug-ins of every cluster, in the order in which they run. First all change, later all may still refuse. */
export function defaultAdmissionPlugins(state: StateReader, options: AdmissionOptions): readonly AdmissionPlugin[] {
  const {
    random,
    logger,
    unreachableTolerationSeconds = 300,
    authorizer = superuserAuthorizer,
    tokenVolumes,
  } = options;
  const { transport = webhookTransport(state, random) } = options;
  const dynamic = { state, transport, authorizer, logger, newUid: () => randomUuid(random) };
  return [
    namespaceLifecycle(state),
    limitRanger(state),
    serviceAccount(state, tokenVolumes),
    nodeRestriction(state),
    taintNodesByCondition(),
    podSecurity(state),
    priority(state),
    defaultTolerationSeconds(unreachableTolerationSeconds),
    defaultStorageClass(state),
    storageObjectInUseProtection(),
    persistentVolumeClaimResize(state),
    runtimeClass(state),
    certificateRequester,
    certificateApproval(state),
    certificateSigning(state),
    certificateSubjectRestriction,
    defaultIngressClass(state),
    rbacEscalation(state),
    mutatingWebhooks(dynamic),
    validatingPolicies(state, authorizer),
    validatingWebhooks(dynamic),
    resourceQuota(state),
  ];
}

/** Over HTTPS; to Services by way of their endpoints. */
export function webhookTransport(state: StateReader, random: Random): WebhookTransport {
  return httpsTransport(endpointResolver(state, (count) => (count === 0 ? 0 : randomInteger(random, count))));
}

export function createAdmission(plugins: readonly AdmissionPlugin[]): Admission {
  const admitting = plugins.filter((plugin) => plugin.admit !== undefined);
  const validating = plugins.filter((plugin) => plugin.validate !== undefined);
  const admitAll = async (attributes: AdmissionAttributes): Promise<void> => {
    for (const plugin of admitting) {
      // Most plug-ins answer at once: no turn is lost on them.
      const pending = plugin.admit!(attributes);
      if (pending !== undefined) await pending;
    }
  };
  return {
    async admit(attributes) {
      let again = false;
      attributes.requestReinvocation = () => {
        again = true;
      };
      await admitAll(attributes);
      if (!again) return;
      attributes.round = 1;
      await admitAll(attributes);
    },
    async validate(attributes: AdmissionAttributes) {
      for (const plugin of validating) {
        const pending = plugin.validate!(attributes);
        if (pending !== undefined) await pending;
      }
    },
    close() {
      for (const plugin of plugins) plugin.close?.();
    },
  };
}
