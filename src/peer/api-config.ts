import { resolve } from 'node:path';
import { type Check, count, fields, invalid, list, text } from './checks.ts';

/** An OpenID Connect provider whose tokens the API takes; fields as kube-apiserver's flags `--oidc-…`. */
export interface OidcConfig {
  issuerUrl: string;
  clientId: string;
  usernameClaim?: string | undefined;
  usernamePrefix?: string | undefined;
  groupsClaim?: string | undefined;
  groupsPrefix?: string | undefined;
  requiredClaims?: Record<string, string> | undefined;
  signingAlgs?: string[] | undefined;
  /** Path of a PEM file; absolute. Absent: whom the machine trusts. */
  caFile?: string | undefined;
}

/** What is written down of requests, and where. */
export interface AuditConfig {
  /** Path of a Policy (audit.k8s.io/v1); absolute. */
  policyFile: string;
  /** Path of the log; absolute, one a peer. */
  logFile: string;
  /** Size at which a new file is begun. */
  maxSizeMegabytes: number;
  /** Older files that are kept; 0: all. */
  maxBackups: number;
  /** Days that they are kept; 0: for ever. */
  maxAgeDays: number;
}

/** Of the API, what is no matter of a single peer. */
export interface ApiConfig {
  oidc?: OidcConfig | undefined;
  audit?: AuditConfig | undefined;
}

export const auditDefaults = { logFile: 'audit.log', maxSizeMegabytes: 100, maxBackups: 10, maxAgeDays: 0 } as const;

const httpsUrl: Check = (value, field) => {
  text(value, field);
  if (URL.canParse(value as string) && new URL(value as string).protocol === 'https:') return value;
  throw invalid(`field "${field}" must be a URL that begins with https://`);
};

const texts: Check = (value, field) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid(`field "${field}" must be an object of texts`);
  for (const [name, each] of Object.entries(value))
    if (typeof each !== 'string') throw invalid(`field "${field}.${name}" must be a text`);
  return value;
};

const oidcCheck = fields(
  {
    issuerUrl: httpsUrl,
    clientId: text,
    usernameClaim: text,
    usernamePrefix: text,
    groupsClaim: text,
    groupsPrefix: text,
    requiredClaims: texts,
    signingAlgs: list(text),
    caFile: text,
  },
  {
    usernameClaim: undefined,
    usernamePrefix: undefined,
    groupsClaim: undefined,
    groupsPrefix: undefined,
    requiredClaims: undefined,
    signingAlgs: undefined,
    caFile: undefined,
  },
);

const auditCheck = fields(
  { policyFile: text, logFile: text, maxSizeMegabytes: count, maxBackups: count, maxAgeDays: count },
  auditDefaults,
);

/** Throws CONFIG_INVALID. */
export const apiConfigCheck: Check = fields(
  { oidc: oidcCheck, audit: auditCheck },
  { oidc: undefined, audit: undefined },
);

/** With the paths of its files made absolute. */
export function resolveApiFiles({ oidc, audit }: ApiConfig, base: string): ApiConfig {
  const absolute = (path: string | undefined): string | undefined => path && resolve(base, path);
  return {
    ...(oidc === undefined ? {} : { oidc: { ...oidc, caFile: absolute(oidc.caFile) } }),
    ...(audit === undefined
      ? {}
      : {
          audit: { ...audit, policyFile: resolve(base, audit.policyFile), logFile: resolve(base, audit.logFile) },
        }),
  };
}
