import { errorMessage } from '../base/index.ts';
import { type Client, runWhileLeading } from '../client/index.ts';
import {
  type CheckPolicyTypes,
  type MayRequest,
  type SignSecretToken,
  startControllers,
} from '../controllers/index.ts';
import { SCHEDULER_NAME, startScheduler } from '../scheduler/index.ts';
import { certificateSigner } from './certificate-signer.ts';
import type { PeerContext } from './context.ts';
import { goodbye } from './goodbye.ts';
import { type Node, openNode } from './node.ts';

export interface Components {
  /** Undefined while its runtime opens. */
  node(): Node | undefined;
  /** Ends what runs on this node, the kubelet included. */
  stopWorkloads(): Promise<void>;
}

/**
 * Starts the node, and takes part in the elections of scheduler and controllers, once the roles that allow them their work are
 * there. Returns at once.
 */
export function startComponents(
  context: PeerContext,
  options: {
    bootstrapped: Promise<void>;
    /** Makes the token that a Secret is to hold; absent: there are no such tokens. */
    signSecretToken?: SignSecretToken | undefined;
    mayRequest: MayRequest;
    checkPolicyTypes: CheckPolicyTypes;
    /** A client that may do what this user may. */
    clientAs(user: string, ...groups: string[]): Client;
  },
): Components {
  const { config, clock, random, logger, tls, onStop } = context;
  const { clientAs, signSecretToken, mayRequest, checkPolicyTypes } = options;
  const sign = certificateSigner(context);
  let node: Node | undefined;
  let stopping = false;
  const opening = openNode(context);
  onStop(async () => {
    stopping = true;
    await (await opening).stop();
  });
  const start = async (): Promise<void> => {
    node = await opening;
    await options.bootstrapped;
    if (stopping) return;
    node.startKubelet(clientAs(`system:node:${config.nodeName}`, 'system:nodes'));
    const elected = { nodeName: config.nodeName, clock, random, logger };
    const controllers = runWhileLeading({
      ...elected,
      name: 'kube-controller-manager',
      source: 'kube-controller-manager',
      client: clientAs('system:kube-controller-manager'),
      start: (leading) =>
        startControllers({
          ...leading,
          rootCa: tls.ca,
          signSecretToken,
          certificates: sign && { sign, mayRequest },
          checkPolicyTypes,
        }),
    });
    const scheduler = runWhileLeading({
      ...elected,
      name: 'kube-scheduler',
      source: SCHEDULER_NAME,
      client: clientAs('system:kube-scheduler'),
      start: (leading) => startScheduler(leading),
    });
    onStop(() => goodbye(clock, Promise.all([controllers.stop(), scheduler.stop()])));
  };
  start().catch((error) => logger.error({ error: errorMessage(error) }, 'the node could not be started'));
  return {
    node: () => node,
    async stopWorkloads() {
      stopping = true;
      await (await opening).stopWorkloads();
    },
  };
}
