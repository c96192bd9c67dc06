import { EvaluationError } from '../errors.ts';
import { declare, type Library } from '../functions.ts';
import { opaque, type Type } from '../types.ts';
import { OpaqueValue } from '../values.ts';

export const authorizerType = opaque('kubernetes.authorization.Authorizer');
export const resourceCheckType = opaque('kubernetes.authorization.ResourceCheck');

/** What an expression asks whether it is allowed. */
export interface AccessQuestion {
  /** Somebody else than who sent the request. */
  serviceAccount?: { namespace: string; name: string };
  verb: string;
  path?: string;
  group: string;
  resource: string;
  subresource: string;
  namespace: string;
  name: string;
}

export interface AccessDecision {
  allowed: boolean;
  reason: string;
  error: string;
}

/** Answers at once. One that has to ask first throws, and the expression is run again when the answer is there. */
export type AccessCheck = (question: AccessQuestion) => AccessDecision;

const CHECK_COST = 350_000;
const nothing: AccessQuestion = { verb: '', group: '', resource: '', subresource: '', namespace: '', name: '' };

/** A question in the making. */
class Asking extends OpaqueValue {
  override readonly type: Type;
  readonly check: AccessCheck;
  readonly question: AccessQuestion;
  constructor(type: string | Type, check: AccessCheck, question: AccessQuestion) {
    super();
    this.type = typeof type === 'string' ? opaque(`kubernetes.authorization.${type}`) : type;
    this.check = check;
    this.question = question;
  }
  override equals(other: OpaqueValue): boolean {
    return other === this;
  }
}

class Answer extends OpaqueValue {
  override readonly type = opaque('kubernetes.authorization.Decision');
  readonly decision: AccessDecision;
  constructor(decision: AccessDecision) {
    super();
    this.decision = decision;
  }
  override equals(other: OpaqueValue): boolean {
    return other === this;
  }
}

/** The value of the variable `authorizer`. */
export function authorizerValue(check: AccessCheck): OpaqueValue {
  return new Asking(authorizerType, check, nothing);
}

/** The value of `authorizer.requestResource`. */
export function resourceCheckValue(check: AccessCheck, question: Partial<AccessQuestion>): OpaqueValue {
  return new Asking(resourceCheckType, check, { ...nothing, ...question });
}

function required(value: string, what: string): string {
  if (value.trim() === '') throw new EvaluationError(`${what} must not be empty`);
  return value;
}

const prefix = 'kubernetes.authorization';
const refine = (field: 'subresource' | 'namespace' | 'name') =>
  declare(`(${prefix}.ResourceCheck).${field}(string): ${prefix}.ResourceCheck`, (on: Asking, value: string) => {
    return new Asking('ResourceCheck', on.check, { ...on.question, [field]: value });
  });

export const authorizer: Library = [
  declare(`(${prefix}.Authorizer).path(string): ${prefix}.PathCheck`, (on: Asking, path: string) => {
    return new Asking('PathCheck', on.check, { ...on.question, path: required(path, 'path') });
  }),
  declare(`(${prefix}.Authorizer).group(string): ${prefix}.GroupCheck`, (on: Asking, group: string) => {
    return new Asking('GroupCheck', on.check, { ...on.question, group });
  }),
  declare(
    `(${prefix}.Authorizer).serviceAccount(string, string): ${prefix}.Authorizer`,
    (on: Asking, namespace: string, name: string) => {
      return new Asking('Authorizer', on.check, { ...on.question, serviceAccount: { namespace, name } });
    },
  ),
  declare(`(${prefix}.GroupCheck).resource(string): ${prefix}.ResourceCheck`, (on: Asking, resource: string) => {
    return new Asking('ResourceCheck', on.check, { ...on.question, resource: required(resource, 'resource') });
  }),
  refine('subresource'),
  refine('namespace'),
  refine('name'),
  ...['fieldSelector', 'labelSelector'].map((name) =>
    // Our rules know no selectors: who may see all may see some.
    declare(`(${prefix}.ResourceCheck).${name}(string): ${prefix}.ResourceCheck`, (on: Asking) => on),
  ),
  ...['PathCheck', 'ResourceCheck'].map((type) =>
    declare(
      `(${prefix}.${type}).check(string): ${prefix}.Decision`,
      (on: Asking, verb: string) => new Answer(on.check({ ...on.question, verb })),
      () => CHECK_COST,
    ),
  ),
  declare(`(${prefix}.Decision).allowed(): bool`, ({ decision }: Answer) => decision.allowed),
  declare(`(${prefix}.Decision).reason(): string`, ({ decision }: Answer) => decision.reason),
  declare(`(${prefix}.Decision).errored(): bool`, ({ decision }: Answer) => decision.error !== ''),
  declare(`(${prefix}.Decision).error(): string`, ({ decision }: Answer) => decision.error),
];
