import {
  type AccessCheck,
  type AccessDecision,
  type AccessQuestion,
  authorizerValue,
  resourceCheckValue,
  type Value,
} from '../../../cel/index.ts';
import type { Attributes, Authorizer } from '../../authorization/types.ts';
import type { AdmissionAttributes } from '../types.ts';

/** Thrown out of an expression that asks something whose answer isn't known yet. */
class Unanswered extends Error {
  readonly question: AccessQuestion;
  constructor(question: AccessQuestion) {
    super('the authorizer has not answered yet');
    this.question = question;
  }
}

/** An expression may ask the authorizer so many different things. */
const MAX_QUESTIONS = 16;

/** What expressions may ask about who sent one request. */
export interface Access {
  readonly authorizer: Value;
  readonly requestResource: Value;
  /** Runs what evaluates expressions, again whenever an answer that it asked for has come in. */
  evaluate<T>(run: () => T): Promise<T>;
}

export function accessFor(attributes: AdmissionAttributes, authorizer: Authorizer): Access {
  const answers = new Map<string, AccessDecision>();
  const check: AccessCheck = (question) => {
    const answer = answers.get(JSON.stringify(question));
    if (answer === undefined) throw new Unanswered(question);
    return answer;
  };
  const { type, subresource = '', namespace = '', name } = attributes;
  return {
    authorizer: authorizerValue(check),
    requestResource: resourceCheckValue(check, {
      group: type.group,
      resource: type.resource,
      subresource,
      namespace,
      name,
    }),
    async evaluate(run) {
      for (let asked = 0; ; asked++) {
        try {
          return run();
        } catch (error) {
          if (!(error instanceof Unanswered) || asked === MAX_QUESTIONS) throw error;
          answers.set(JSON.stringify(error.question), await ask(authorizer, attributes, error.question));
        }
      }
    },
  };
}

async function ask(
  authorizer: Authorizer,
  { user }: AdmissionAttributes,
  question: AccessQuestion,
): Promise<AccessDecision> {
  const { serviceAccount, verb, path, group, resource, subresource, namespace, name } = question;
  const asked: Attributes = {
    user:
      serviceAccount === undefined
        ? user
        : {
            name: `system:serviceaccount:${serviceAccount.namespace}:${serviceAccount.name}`,
            groups: [
              'system:serviceaccounts',
              `system:serviceaccounts:${serviceAccount.namespace}`,
              'system:authenticated',
            ],
          },
    verb,
    path: path ?? '',
    ...(path === undefined
      ? { resource: { group, resource, subresource, namespace: namespace === '' ? undefined : namespace, name } }
      : {}),
  };
  try {
    return { ...(await authorizer.authorize(asked)), error: '' };
  } catch (error) {
    return { allowed: false, reason: '', error: error instanceof Error ? error.message : String(error) };
  }
}
