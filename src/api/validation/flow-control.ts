import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
} from '../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkRange } from '../names.ts';
import type { flowcontrolv1 } from '../types/index.ts';
import { addEach, type Errors, eachRepeated } from './checks.ts';
import { checkLimited } from './priority-level.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
const conditionsPath = fieldPath('status', 'conditions');
const maxPrecedence = 10_000;
const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'proxy', 'update', 'watch'];

/** Rules of which requests wait for which others, by kind and group. */
export const flowControlRules: Readonly<Record<string, KindRules>> = {
  'FlowSchema.flowcontrol.apiserver.k8s.io': kindRules<flowcontrolv1.FlowSchema>({
    check({ metadata, spec: schema }, errors) {
      const { matchingPrecedence: precedence = 0, priorityLevelConfiguration: level, rules = [] } = schema ?? {};
      checkPrecedence(errors, spec.child('matchingPrecedence'), precedence, metadata.name);
      const name = level?.name;
      const at = spec.child('priorityLevelConfiguration', 'name');
      if (name) addEach(errors, at, name, checkDns1123Subdomain(name));
      else errors.push(required(at, 'must reference a priority level'));
      for (const [index, rule] of rules.entries()) checkRule(errors, spec.child('rules').index(index), rule);
    },
    subresources: { status: ({ status }, _old, errors) => checkConditions(errors, status?.conditions) },
  }),
  'PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io': kindRules<flowcontrolv1.PriorityLevelConfiguration>({
    check({ metadata, spec: level }, errors) {
      const { type = '', limited, exempt } = level ?? {};
      const typePath = spec.child('type');
      if ((metadata.name === 'exempt') !== (type === 'Exempt')) {
        errors.push(invalidValue(typePath, type, "type must be 'Exempt' if and only if name is 'exempt'"));
      }
      if (type === 'Exempt') {
        if (limited !== undefined) {
          errors.push(forbiddenField(spec.child('limited'), 'must be nil if the type is not Limited'));
        }
        if (exempt !== undefined) checkExempt(errors, spec.child('exempt'), exempt);
      } else if (type === 'Limited') {
        if (exempt !== undefined)
          errors.push(forbiddenField(spec.child('exempt'), 'must be nil if the type is Limited'));
        if (limited === undefined) {
          errors.push(required(spec.child('limited'), 'must not be empty when type is Limited'));
        } else checkLimited(errors, spec.child('limited'), limited);
      } else errors.push(notSupported(typePath, type, ['Exempt', 'Limited']));
    },
    subresources: { status: ({ status }, _old, errors) => checkConditions(errors, status?.conditions) },
  }),
};

function checkPrecedence(errors: Errors, path: FieldPath, value: number, name: string | undefined): void {
  if (value <= 0) errors.push(invalidValue(path, value, 'must be a positive value'));
  if (value > maxPrecedence) errors.push(invalidValue(path, value, `must not be greater than ${maxPrecedence}`));
  if (value === 1 && name !== 'exempt') {
    errors.push(invalidValue(path, value, "only the schema named 'exempt' may have matchingPrecedence 1"));
  }
}

function checkRule(errors: Errors, path: FieldPath, rule: flowcontrolv1.PolicyRulesWithSubjects): void {
  // A list that has to be there is null where it isn't given.
  const subjects = rule.subjects ?? [];
  const { resourceRules = [], nonResourceRules = [] } = rule;
  if (subjects.length === 0) errors.push(required(path.child('subjects'), 'subjects must contain at least one value'));
  for (const [index, each] of subjects.entries()) checkSubject(errors, path.child('subjects').index(index), each);
  if (resourceRules.length === 0 && nonResourceRules.length === 0) {
    errors.push(required(path, 'at least one of resourceRules and nonResourceRules has to be non-empty'));
  }
  resourceRules.forEach((each, index) => {
    const item = path.child('resourceRules').index(index);
    checkVerbs(errors, item.child('verbs'), each.verbs ?? []);
    checkWildcards(errors, item.child('apiGroups'), each.apiGroups ?? [], 'api group', 'api groups');
    checkWildcards(errors, item.child('resources'), each.resources ?? [], 'resource', 'resources');
    checkNamespaces(errors, item.child('namespaces'), each);
  });
  nonResourceRules.forEach((each, index) => {
    const item = path.child('nonResourceRules').index(index);
    checkVerbs(errors, item.child('verbs'), each.verbs ?? []);
    checkUrls(errors, item.child('nonResourceURLs'), each.nonResourceURLs ?? []);
  });
}

const subjectFields = [
  ['serviceAccount', 'ServiceAccount'],
  ['user', 'User'],
  ['group', 'Group'],
] as const;

function checkSubject(errors: Errors, path: FieldPath, subject: flowcontrolv1.Subject): void {
  const { kind, serviceAccount } = subject;
  if (!subjectFields.some(([, other]) => other === kind)) {
    errors.push(notSupported(path.child('kind'), kind ?? '', ['Group', 'ServiceAccount', 'User']));
    return;
  }
  for (const [field, of] of subjectFields) {
    const given = subject[field] !== undefined;
    if (of === kind && !given) {
      errors.push(required(path.child(field), `${field} is required when subject kind is '${of}'`));
    } else if (of !== kind && given) {
      errors.push(forbiddenField(path.child(field), `${field} is forbidden when subject kind is not '${of}'`));
    }
  }
  if (kind !== 'ServiceAccount' || serviceAccount === undefined) return;
  const { name, namespace } = serviceAccount;
  const at = path.child('serviceAccount');
  if (name && name !== '*') addEach(errors, at.child('name'), name, checkDns1123Subdomain(name));
  if (namespace) addEach(errors, at.child('namespace'), namespace, checkDns1123Label(namespace));
  else errors.push(required(at.child('namespace'), 'must specify namespace for service account'));
}

function checkVerbs(errors: Errors, path: FieldPath, given: readonly string[]): void {
  if (given.length === 0) errors.push(required(path, 'verbs must contain at least one value'));
  else if (given.includes('*')) checkAlone(errors, path, given, 'verbs');
  else if (!given.every((verb) => verbs.includes(verb))) errors.push(notSupported(path, given, verbs));
}

function checkAlone(errors: Errors, path: FieldPath, given: readonly string[], what: string): void {
  if (given.length > 1) errors.push(invalidValue(path, given, `if '*' is present, must not specify other ${what}`));
}

function checkWildcards(errors: Errors, path: FieldPath, given: readonly string[], one: string, many: string): void {
  if (given.length === 0) errors.push(required(path, `resource rules must supply at least one ${one}`));
  else if (given.includes('*')) checkAlone(errors, path, given, many);
}

function checkNamespaces(errors: Errors, path: FieldPath, rule: flowcontrolv1.ResourcePolicyRule): void {
  const { clusterScope } = rule;
  const namespaces = rule.namespaces ?? [];
  if (namespaces.length === 0 && !clusterScope) {
    const detail = 'resource rules that are not cluster scoped must supply at least one namespace';
    errors.push(required(path, detail));
  } else if (namespaces.includes('*')) checkAlone(errors, path, namespaces, 'namespaces');
  else {
    namespaces.forEach((name, index) => {
      const problems = checkDns1123Label(name);
      const intro = "each member of this list must be '*' or a DNS-1123 label; ";
      addEach(
        errors,
        path.index(index),
        name,
        problems.map((problem) => intro + problem),
      );
    });
  }
}

function checkUrls(errors: Errors, path: FieldPath, urls: readonly string[]): void {
  if (urls.length === 0) errors.push(required(path, 'nonResourceURLs must contain at least one value'));
  else if (urls.includes('*')) checkAlone(errors, path, urls, 'non-resource URLs');
  else {
    urls.forEach((url, index) => {
      const problem = urlProblem(url);
      if (problem !== undefined) errors.push(invalidValue(path.index(index), url, problem));
    });
  }
}

function urlProblem(url: string): string | undefined {
  if (url === '') return 'must not be empty';
  if (!url.startsWith('/')) return 'must start with slash';
  if (url.includes(' ')) return 'must not contain white-space';
  if (url.includes('//')) return 'must not contain double slash';
  const stars = url.split('*').length - 1;
  return stars > 1 || (stars === 1 && !url.endsWith('/*')) ? 'wildcard can only do suffix matching' : undefined;
}

function checkExempt(
  errors: Errors,
  path: FieldPath,
  { nominalConcurrencyShares: shares, lendablePercent }: flowcontrolv1.ExemptPriorityLevelConfiguration,
): void {
  if (shares !== undefined && shares < 0) {
    errors.push(invalidValue(path.child('nominalConcurrencyShares'), shares, 'must be a non-negative integer'));
  }
  if (lendablePercent !== undefined) {
    addEach(errors, path.child('lendablePercent'), lendablePercent, checkRange(lendablePercent, 0, 100));
  }
}

function checkConditions(errors: Errors, conditions: readonly { type?: string }[] = []): void {
  conditions.forEach(({ type }, index) => {
    if (!type) errors.push(required(conditionsPath.index(index).child('type'), 'must not be empty'));
  });
  eachRepeated(
    conditions,
    ({ type }) => type,
    ({ type }, index) => errors.push(duplicate(conditionsPath.index(index).child('type'), type)),
  );
}
