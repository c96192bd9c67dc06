import {
  type Auditor,
  type Authorizer,
  createAuditor,
  oidcAuthenticator,
  type ServiceAccountTokens,
  serviceAccountTokens,
  type TokenAuthenticator,
} from '../apiserver/index.ts';
import { errorMessage, KeelsonError } from '../base/index.ts';
import type { MayRequest } from '../controllers/index.ts';
import type { PeerContext } from './context.ts';
import { readPem } from './tls.ts';

/* What a peer's configuration says of who may come in, and of what is written down of them. */

/** Writes down what the policy in the configuration says. */
export async function openAuditor({
  config,
  clock,
  random,
  logger,
  onStop,
}: PeerContext): Promise<Auditor | undefined> {
  const { audit } = config.api ?? {};
  if (audit === undefined) return undefined;
  const [{ AuditLog }, { readAuditPolicy }] = await Promise.all([
    import('./audit-log.ts'),
    import('./audit-policy.ts'),
  ]);
  const policy = await readAuditPolicy(audit.policyFile);
  const log = new AuditLog(audit, clock, logger);
  onStop(() => log.close());
  return createAuditor({ policy, sink: log.write, clock, random });
}

/** The providers whose tokens are taken. */
export function openProviders({ config, clock }: PeerContext, audiences: readonly string[]): TokenAuthenticator[] {
  const { oidc } = config.api ?? {};
  if (oidc === undefined) return [];
  const { caFile, ...options } = oidc;
  return [oidcAuthenticator({ ...options, ca: caFile && readPem(caFile), audiences, clock })];
}

/** Service account tokens; undefined: the peer has no key for them. Throws PKI. */
export function openTokens({ config, clock }: PeerContext): ServiceAccountTokens | undefined {
  const { serviceAccountKey } = config.pki;
  if (serviceAccountKey === undefined) return undefined;
  try {
    return serviceAccountTokens({ key: readPem(serviceAccountKey), clock });
  } catch (error) {
    if (error instanceof KeelsonError) throw error;
    const text = `${serviceAccountKey} is no key for service account tokens (${errorMessage(error)}): restore it from a backup`;
    throw new KeelsonError('PKI', text, { cause: error });
  }
}

/** What the approver of certificates asks: may a user create a subresource of signing requests? */
export function mayRequest(authorizer: Authorizer): MayRequest {
  return async ({ name, uid, groups }, subresource) => {
    const resource = { group: 'certificates.k8s.io', resource: 'certificatesigningrequests', subresource };
    const { allowed } = await authorizer.authorize({
      user: { name, groups, ...(uid === undefined ? {} : { uid }) },
      verb: 'create',
      path: '',
      resource: { ...resource, namespace: undefined, name: '' },
    });
    return allowed;
  };
}
