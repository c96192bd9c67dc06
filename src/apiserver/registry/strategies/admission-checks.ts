import {
  type admissionregistrationv1,
  checkDns1035Label,
  checkDns1123Subdomain,
  type FieldError,
  type FieldPath,
  invalidValue,
  type LabelSelectorObject,
  required,
  selectorFromObject,
} from '../../../api/index.ts';

/*
 * What webhooks and policies are made of: each check says what is wrong with a part, in Kubernetes' words.
 */

const reviewVersions = ['v1', 'v1beta1'];

/** A name of at least three parts: `hook.example.com`. */
export function checkWebhookName(path: FieldPath, name: string): FieldError[] {
  if (!name) return [];
  const problems = checkDns1123Subdomain(name);
  if (problems.length > 0) return [invalidValue(path, name, problems.join(','))];
  if (name.split('.').length >= 3) return [];
  return [invalidValue(path, name, 'should be a domain with at least three segments separated by dots')];
}

export function checkReviewVersions(path: FieldPath, versions: readonly string[] = []): FieldError[] {
  const known = reviewVersions.join(', ');
  if (versions.length === 0) return [required(path, `must specify one of ${known}`)];
  const problems: FieldError[] = [];
  versions.forEach((version, index) => {
    if (versions.indexOf(version) < index) problems.push(invalidValue(path.index(index), version, 'duplicate version'));
    for (const problem of checkDns1035Label(version)) problems.push(invalidValue(path.index(index), version, problem));
  });
  if (!versions.some((version) => reviewVersions.includes(version))) {
    problems.push(invalidValue(path, versions, `must include at least one of ${known}`));
  }
  return problems;
}

export function checkClientConfig(
  path: FieldPath,
  { url, service }: admissionregistrationv1.WebhookClientConfig,
): FieldError[] {
  if ((url === undefined) === (service === undefined))
    return [required(path, 'exactly one of url or service is required')];
  if (url !== undefined) return checkUrl(path.child('url'), url);
  const { name, namespace, path: target = '', port = 443 } = service!;
  const here = path.child('service');
  const problems: FieldError[] = [];
  if (!name) problems.push(required(here.child('name'), 'service name is required'));
  if (!namespace) problems.push(required(here.child('namespace'), 'service namespace is required'));
  if (port < 1 || port > 65535) {
    problems.push(invalidValue(here.child('port'), port, 'port is not valid: must be between 1 and 65535, inclusive'));
  }
  if (target !== '' && !target.startsWith('/')) {
    problems.push(invalidValue(here.child('path'), target, "must start with a '/'"));
  } else if (target !== '' && target !== '/') {
    const steps = target.slice(1).replace(/\/$/, '').split('/');
    steps.forEach((step, index) => {
      if (step === '') problems.push(invalidValue(here.child('path'), target, `segment[${index}] may not be empty`));
      for (const problem of step === '' ? [] : checkDns1123Subdomain(step)) {
        problems.push(invalidValue(here.child('path'), target, `segment[${index}]: ${problem}`));
      }
    });
  }
  return problems;
}

function checkUrl(path: FieldPath, text: string): FieldError[] {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return [required(path, `url must be a valid URL: parse ${JSON.stringify(text)}: invalid URI`)];
  }
  const form = '; desired format: https://host[/path]';
  const problems: FieldError[] = [];
  if (url.protocol !== 'https:') {
    const scheme = url.protocol.slice(0, -1);
    problems.push(invalidValue(path, scheme, `'https' is the only allowed URL scheme${form}`));
  }
  if (url.hostname === '') problems.push(invalidValue(path, '', `host must be specified${form}`));
  if (url.username !== '' || url.password !== '') {
    problems.push(invalidValue(path, url.username, 'user information is not permitted in the URL'));
  }
  if (url.hash !== '') problems.push(invalidValue(path, url.hash.slice(1), 'fragments are not permitted in the URL'));
  if (url.search !== '') {
    problems.push(invalidValue(path, url.search.slice(1), 'query parameters are not permitted in the URL'));
  }
  return problems;
}

/** A rule of a webhook or policy, in its parts. */
export function checkRule(path: FieldPath, rule: admissionregistrationv1.NamedRuleWithOperations): FieldError[] {
  const { operations = [], apiGroups = [], apiVersions = [], resources = [] } = rule;
  return [
    ...checkWildcard(path.child('operations'), operations, 'operations'),
    ...checkWildcard(path.child('apiGroups'), apiGroups, 'API groups'),
    ...checkWildcard(path.child('apiVersions'), apiVersions, 'API versions'),
    ...apiVersions.flatMap((version, index) =>
      version === '' ? [required(path.child('apiVersions').index(index))] : [],
    ),
    ...checkResources(path.child('resources'), resources),
  ];
}

function checkWildcard(path: FieldPath, values: readonly string[], what: string): FieldError[] {
  if (values.length === 0) return [required(path)];
  if (values.length === 1 || !values.includes('*')) return [];
  return [invalidValue(path, values, `if '*' is present, must not specify other ${what}`)];
}

function checkResources(path: FieldPath, resources: readonly string[]): FieldError[] {
  if (resources.length === 0) return [required(path)];
  const problems: FieldError[] = [];
  resources.forEach((pattern, index) => {
    if (pattern === '') {
      problems.push(required(path.index(index)));
      return;
    }
    const [resource, subresource] = pattern.split('/');
    const before = resources.slice(0, index);
    if (subresource !== undefined && before.includes(`${resource}/*`)) {
      const detail = `if '${resource}/*' is present, must not specify ${pattern}`;
      problems.push(invalidValue(path.index(index), pattern, detail));
    }
    if (subresource !== undefined && before.includes(`*/${subresource}`)) {
      const detail = `if '*/${subresource}' is present, must not specify ${pattern}`;
      problems.push(invalidValue(path.index(index), pattern, detail));
    }
  });
  if (resources.length > 1 && resources.includes('*/*')) {
    problems.push(invalidValue(path, resources, "if '*/*' is present, must not specify other resources"));
  }
  if (resources.includes('*') && resources.some((pattern) => pattern !== '*' && !pattern.includes('/'))) {
    const detail = "if '*' is present, must not specify other resources without subresources";
    problems.push(invalidValue(path, resources, detail));
  }
  return problems;
}

export function checkSelector(path: FieldPath, selector: LabelSelectorObject | undefined): FieldError[] {
  if (selector === undefined) return [];
  try {
    selectorFromObject(selector);
    return [];
  } catch (error) {
    return [invalidValue(path, selector, (error as Error).message)];
  }
}
