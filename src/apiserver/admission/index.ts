import type { Random } from '../../base/index.ts';
import type { StateReader } from '../registry/types.ts';
import {
  certificateApproval,
  certificateRequester,
  certificateSigning,
  certificateSubjectRestriction,
} from './certificates.ts';
import { defaultTolerationSeconds } from './default-toleration-seconds.ts';
import { namespaceLifecycle } from './namespace-lifecycle.ts';
import { nodeRestriction } from './node-restriction.ts';
import { priority } from './priority.ts';
import { rbacEscalation } from './rbac-escalation.ts';
import { serviceAccount } from './service-account.ts';
import type { Admission, AdmissionAttributes, AdmissionPlugin } from './types.ts';

export type * from './types.ts';
export { defaultTolerationSeconds, namespaceLifecycle, nodeRestriction, priority, serviceAccount };

export interface AdmissionOptions {
  /** How long a pod stays on a node that is lost, unless it says something else. Default: five minutes. */
  unreachableTolerationSeconds?: number;
  /** Names the volumes with the tokens that pods get; absent: they get none. */
  tokenVolumes?: Random | undefined;
}

/** The plug-ins of every cluster, in the order in which they run. First all change, later all may still refuse. */
export function defaultAdmissionPlugins(
  state: StateReader,
  { unreachableTolerationSeconds = 300, tokenVolumes }: AdmissionOptions = {},
): readonly AdmissionPlugin[] {
  return [
    namespaceLifecycle(state),
    serviceAccount(state, tokenVolumes),
    nodeRestriction(state),
    priority(state),
    defaultTolerationSeconds(unreachableTolerationSeconds),
    certificateRequester,
    certificateApproval(state),
    certificateSigning(state),
    certificateSubjectRestriction,
    rbacEscalation(state),
  ];
}

export function createAdmission(plugins: readonly AdmissionPlugin[]): Admission {
  const admitting = plugins.filter((plugin) => plugin.admit !== undefined);
  const validating = plugins.filter((plugin) => plugin.validate !== undefined);
  return {
    async admit(attributes: AdmissionAttributes) {
      for (const plugin of admitting) {
        // Most plug-ins answer at once: no turn is lost on them.
        const pending = plugin.admit!(attributes);
        if (pending !== undefined) await pending;
      }
    },
    async validate(attributes: AdmissionAttributes) {
      for (const plugin of validating) {
        const pending = plugin.validate!(attributes);
        if (pending !== undefined) await pending;
      }
    },
  };
}
