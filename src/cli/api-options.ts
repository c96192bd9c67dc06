import { resolve } from 'node:path';
import { type Command, InvalidArgumentError } from 'commander';
import { KeelsonError } from '../base/index.ts';
import { type ApiConfig, apiConfigCheck } from '../peer/index.ts';

/** What `--oidc-…` and `--audit-…` say. */
export interface ApiOptions {
  oidcIssuerUrl?: string;
  oidcClientId?: string;
  oidcUsernameClaim?: string;
  oidcUsernamePrefix?: string;
  oidcGroupsClaim?: string;
  oidcGroupsPrefix?: string;
  oidcRequiredClaim?: Record<string, string>;
  oidcSigningAlgs?: string[];
  oidcCaFile?: string;
  auditPolicyFile?: string;
}

/** Lets a command say who may come in besides the cluster's own users, and what is written down of requests. */
export function addApiOptions(command: Command): Command {
  return command
    .option('--oidc-issuer-url <url>', 'take tokens of this OpenID Connect provider (https)')
    .option('--oidc-client-id <id>', 'for whom such tokens must be')
    .option('--oidc-username-claim <claim>', 'which claim is the user (default: sub)')
    .option('--oidc-username-prefix <prefix>', 'what goes before it (default: the issuer and "#"; "-": nothing)')
    .option('--oidc-groups-claim <claim>', 'which claim are the groups')
    .option('--oidc-groups-prefix <prefix>', 'what goes before them')
    .option('--oidc-required-claim <claim=value>', 'a claim that must be so; may be repeated', addClaim)
    .option('--oidc-signing-algs <list>', 'how they may be signed (default: RS256)', (value) => value.split(','))
    .option('--oidc-ca-file <file>', "who signed the provider's certificate (PEM)")
    .option('--audit-policy-file <file>', 'write requests down, as this audit.k8s.io/v1 Policy says');
}

function addClaim(value: string, others: Record<string, string> = {}): Record<string, string> {
  const [, name, wanted] = /^([^=]+)=(.*)$/.exec(value) ?? [];
  if (name === undefined || wanted === undefined) throw new InvalidArgumentError('It must be claim=value.');
  return { ...others, [name]: wanted };
}

/** What was asked for; undefined: nothing of it. Relative paths start at the working directory. Throws CONFIG_INVALID. */
export function apiConfigOf(options: ApiOptions): ApiConfig | undefined {
  const { oidcIssuerUrl: issuerUrl, oidcClientId: clientId, auditPolicyFile } = options;
  const stray = Object.entries(options).find(([name, value]) => name.startsWith('oidc') && value !== undefined);
  if (stray !== undefined && (issuerUrl === undefined || clientId === undefined)) {
    throw new KeelsonError('CONFIG_INVALID', '--oidc-issuer-url and --oidc-client-id belong together: give both');
  }
  if (issuerUrl === undefined && auditPolicyFile === undefined) return undefined;
  const oidc = {
    issuerUrl,
    clientId,
    usernameClaim: options.oidcUsernameClaim,
    usernamePrefix: options.oidcUsernamePrefix,
    groupsClaim: options.oidcGroupsClaim,
    groupsPrefix: options.oidcGroupsPrefix,
    requiredClaims: options.oidcRequiredClaim,
    signingAlgs: options.oidcSigningAlgs,
    caFile: options.oidcCaFile && resolve(options.oidcCaFile),
  };
  const audit = auditPolicyFile === undefined ? undefined : { policyFile: resolve(auditPolicyFile) };
  return apiConfigCheck({ oidc: issuerUrl === undefined ? undefined : oidc, audit }, 'api') as ApiConfig;
}
