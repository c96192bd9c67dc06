import type { Clock, Logger, Random } from '../base/index.ts';
import {
  type Client,
  type Controller,
  type ControllerMetrics,
  EventBroadcaster,
  type InformerFactory,
} from '../client/index.ts';
import {
  certificateApprovingController,
  certificateCleanerController,
  certificateSigningController,
  type MayRequest,
  type SignCertificate,
} from './certificates/index.ts';
import { clusterRoleAggregationController } from './clusterrole-aggregation.ts';
import type { ControllerContext } from './context.ts';
import { customResourceDefinitionController } from './customresourcedefinition/index.ts';
import { deploymentController } from './deployment/index.ts';
import { disruptionController } from './disruption/index.ts';
import { endpointsController } from './endpoints/endpoints.ts';
import { endpointSliceController } from './endpoints/endpointslice.ts';
import { garbageCollector } from './garbage-collector/index.ts';
import { namespaceController } from './namespace.ts';
import { nodeLifecycleController } from './node-lifecycle/index.ts';
import { type ControllerOptions, defaultControllerOptions } from './options.ts';
import { podGarbageCollector } from './pod-garbage-collector.ts';
import { replicaSetController, replicationController } from './replicaset.ts';
import { resourceQuotaController } from './resourcequota.ts';
import { rootCaCertificatePublisher } from './root-ca-certificate-publisher.ts';
import { serviceAccountController } from './serviceaccount.ts';
import { type SignSecretToken, serviceAccountTokenController } from './serviceaccount-token.ts';
import { claimProtectionController, volumeProtectionController } from './storage-protection.ts';
import { taintEvictionController } from './taint-eviction.ts';
import { tokenCleanerController } from './token-cleaner.ts';
import { type CheckPolicyTypes, policyStatusController } from './validatingadmissionpolicy-status.ts';

export type { MayRequest, SignCertificate } from './certificates/index.ts';
export { type ControllerOptions, defaultControllerOptions } from './options.ts';
export type { SignSecretToken } from './serviceaccount-token.ts';
export type { CheckPolicyTypes } from './validatingadmissionpolicy-status.ts';

export interface StartControllersOptions {
  /** Fenced by the lease under which the controllers run. */
  client: Client;
  /** Started by the controllers, stopped by its owner. */
  informers: InformerFactory;
  clock: Clock;
  random: Random;
  logger: Logger;
  metrics?: ControllerMetrics;
  /** PEM, published in every namespace; absent: nothing is published. */
  rootCa?: string;
  /** Makes tokens for Secrets that are to hold one; absent, or without `rootCa`: they stay empty. */
  signSecretToken?: SignSecretToken | undefined;
  /** Signs certificates that are asked for through the API, and says what is approved without a person; absent: neither. */
  certificates?: { sign: SignCertificate; mayRequest: MayRequest } | undefined;
  /** Says what is wrong with admission policies' expressions; absent: nothing is said. */
  checkPolicyTypes?: CheckPolicyTypes | undefined;
  /** What differs from `defaultControllerOptions`. */
  options?: Partial<ControllerOptions>;
}

export interface RunningControllers {
  /** Settles when the controllers work, or have been stopped before they could. */
  readonly ready: Promise<void>;
  /** Ends what is under way and lets go of the informers. Idempotent. */
  stop(): Promise<void>;
}

/**
 * Runs all controllers until stopped. They begin when the caches hold everything that was written before, so
 * that what another peer's controllers did last is not done again.
 */
export async function startControllers(options: StartControllersOptions): Promise<RunningControllers> {
  const { client, informers, clock, random, logger, metrics, rootCa, signSecretToken, certificates, checkPolicyTypes } =
    options;
  const broadcaster = new EventBroadcaster({ client, clock, logger });
  const context: ControllerContext = {
    client,
    informers,
    clock,
    random,
    logger,
    metrics,
    recorder: (component) => broadcaster.recorderFor(component),
    options: { ...defaultControllerOptions, ...options.options },
  };
  const controllers: Controller[] = [
    deploymentController,
    replicaSetController,
    replicationController,
    garbageCollector,
    namespaceController,
    nodeLifecycleController,
    taintEvictionController,
    podGarbageCollector,
    serviceAccountController,
    resourceQuotaController,
    claimProtectionController,
    volumeProtectionController,
    endpointSliceController,
    endpointsController,
    clusterRoleAggregationController,
    customResourceDefinitionController,
    certificateCleanerController,
    tokenCleanerController,
    disruptionController,
  ].map((create) => create(context));
  if (rootCa !== undefined) controllers.push(rootCaCertificatePublisher(context, rootCa));
  if (rootCa !== undefined && signSecretToken !== undefined) {
    controllers.push(serviceAccountTokenController(context, rootCa, signSecretToken));
  }
  if (certificates !== undefined) {
    controllers.push(certificateSigningController(context, certificates.sign));
    controllers.push(certificateApprovingController(context, certificates.mayRequest));
  }

  if (checkPolicyTypes !== undefined) controllers.push(policyStatusController(context, checkPolicyTypes));

  let stopped = false;
  const begin = async (): Promise<void> => {
    informers.start();
    await informers.refresh();
    if (!stopped) for (const controller of controllers) controller.start();
  };
  // Stopping the informers is the only way for this to fail, and then there is nothing to do.
  const ready = begin().catch(() => {});
  return {
    ready,
    async stop() {
      stopped = true;
      await Promise.all(controllers.map((controller) => controller.stop()));
      await broadcaster.stop();
    },
  };
}
