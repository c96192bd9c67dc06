import { readFileSync } from 'node:fs';
import { type AuditPolicy, auditLevels, auditStages } from '../apiserver/index.ts';
import { errorMessage, KeelsonError } from '../base/index.ts';
import { bool, type Check, fields, invalid, list, oneOf, text } from './checks.ts';

const anyText: Check = (value, field) => {
  if (typeof value === 'string') return value;
  throw invalid(`field "${field}" must be a text`);
};
const optional = <T extends Readonly<Record<string, Check>>>(shape: T): Record<keyof T, undefined> =>
  Object.fromEntries(Object.keys(shape).map((name) => [name, undefined])) as Record<keyof T, undefined>;

const resources = { group: anyText, resources: list(text, 0), resourceNames: list(text, 0) };
const matchers = {
  users: list(text, 0),
  userGroups: list(text, 0),
  verbs: list(text, 0),
  resources: list(fields(resources, optional(resources)), 0),
  namespaces: list(anyText, 0),
  nonResourceURLs: list(text, 0),
  omitStages: list(oneOf(...auditStages), 0),
  omitManagedFields: bool,
};
const policyCheck = fields(
  {
    apiVersion: oneOf('audit.k8s.io/v1'),
    kind: oneOf('Policy'),
    metadata: (value) => value,
    rules: list(fields({ level: oneOf(...auditLevels), ...matchers }, optional(matchers))),
    omitStages: list(oneOf(...auditStages), 0),
    omitManagedFields: bool,
  },
  { metadata: {}, omitStages: [], omitManagedFields: false },
);

/** Reads a Policy (YAML or JSON). Throws CONFIG_INVALID, whose text names the file and the field. */
export async function readAuditPolicy(path: string): Promise<AuditPolicy> {
  try {
    const { parse } = await import('yaml');
    const policy = policyCheck(parse(readFileSync(path, 'utf8')), '') as AuditPolicy;
    policy.rules.forEach((rule, index) => {
      if (rule.nonResourceURLs?.length && (rule.resources?.length || rule.namespaces?.length)) {
        throw invalid(`rules[${index}] is for paths and for resources: make it two rules`);
      }
    });
    return policy;
  } catch (error) {
    const reason = errorMessage(error).split('\n')[0];
    throw new KeelsonError('CONFIG_INVALID', `can't use ${path} as audit policy: ${reason}`, { cause: error });
  }
}
