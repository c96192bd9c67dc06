import { type admissionregistrationv1, resources } from '../api/index.ts';
import { type Controller, createController, source } from '../client/index.ts';
import type { ControllerContext } from './context.ts';

type Policy = admissionregistrationv1.ValidatingAdmissionPolicy;

/** What is wrong with a policy's expressions for the kinds that its rules name. */
export type CheckPolicyTypes = (policy: Policy) => readonly admissionregistrationv1.ExpressionWarning[];

const NAME = 'validatingadmissionpolicy-status';

/** Tells in each policy's status what is wrong with its expressions, once for each generation. */
export function policyStatusController(context: ControllerContext, checkTypes: CheckPolicyTypes): Controller {
  const { client, informers } = context;
  const policies = informers.informer<Policy>(resources.validatingAdmissionPolicies);
  return createController({
    name: NAME,
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [source(policies)],
    reconciler: {
      async reconcile(name, signal) {
        const policy = policies.get(undefined, name);
        const observedGeneration = policy?.metadata.generation ?? 0;
        if (policy === undefined || observedGeneration <= (policy.status?.observedGeneration ?? 0)) return undefined;
        const warnings = checkTypes(policy);
        const typeChecking = warnings.length === 0 ? {} : { expressionWarnings: warnings };
        const { apiVersion, kind } = policy;
        const body = { apiVersion, kind, metadata: { name }, status: { observedGeneration, typeChecking } };
        const patch = { type: 'apply', body, force: true } as const;
        const options = { subresource: 'status', fieldManager: NAME, signal };
        await client.patch(resources.validatingAdmissionPolicies, undefined, name, patch, options);
        return undefined;
      },
    },
  });
}
