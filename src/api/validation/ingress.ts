import {
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../field-errors.ts';
import {
  checkDns1035Label,
  checkDns1123Label,
  checkDns1123Subdomain,
  checkDomainPrefixedPath,
  checkPathSegment,
  checkPortName,
  checkPortNumber,
  checkWildcardDns1123Subdomain,
} from '../names.ts';
import type { networkingv1, v1 } from '../types/index.ts';
import { ipVersion } from './addresses.ts';
import { addEach, checkImmutable, type Errors } from './checks.ts';
import { checkLoadBalancerStatus } from './load-balancer.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
const maxControllerBytes = 250;
const classAnnotation = 'kubernetes.io/ingress.class';
const pathTypes = ['Exact', 'ImplementationSpecific', 'Prefix'];

/** Rules of Ingress and IngressClass, by kind and group. */
export const ingressRules: Readonly<Record<string, KindRules>> = {
  'Ingress.networking.k8s.io': kindRules<networkingv1.Ingress>({
    check({ spec: ingress = {} }, errors) {
      const { rules = [], defaultBackend, tls = [], ingressClassName } = ingress;
      if (rules.length === 0 && defaultBackend === undefined) {
        errors.push(invalidValue(spec, rules, 'either `defaultBackend` or `rules` must be specified'));
      }
      if (defaultBackend !== undefined) checkBackend(errors, spec.child('defaultBackend'), defaultBackend);
      for (const [index, rule] of rules.entries()) checkRule(errors, spec.child('rules').index(index), rule);
      tls.forEach(({ hosts = [], secretName }, index) => {
        const entry = spec.child('tls').index(index);
        for (const [at, host] of hosts.entries())
          addEach(errors, entry.child('hosts').index(at), host, checkHost(host));
        if (secretName) addEach(errors, entry.child('secretName'), secretName, checkDns1123Subdomain(secretName));
      });
      if (ingressClassName !== undefined) {
        addEach(errors, spec.child('ingressClassName'), ingressClassName, checkDns1123Subdomain(ingressClassName));
      }
    },
    checkCreate({ metadata, spec: ingress }, errors) {
      const annotated = metadata.annotations?.[classAnnotation];
      const named = ingress?.ingressClassName;
      if (annotated === undefined || named === undefined || annotated === named) return;
      const path = fieldPath('annotations').child(classAnnotation);
      errors.push(invalidValue(path, annotated, 'must match `ingressClassName` when both are specified'));
    },
    subresources: {
      status({ status }, _old, errors) {
        checkLoadBalancerStatus(errors, fieldPath('status', 'loadBalancer'), status?.loadBalancer, false);
      },
    },
  }),
  'IngressClass.networking.k8s.io': kindRules<networkingv1.IngressClass>({
    check({ spec: ingressClass }, errors) {
      const { controller, parameters } = ingressClass ?? {};
      if (controller && Buffer.byteLength(controller) > maxControllerBytes) {
        errors.push(tooLong(spec.child('controller'), maxControllerBytes));
      }
      if (!controller) errors.push(required(spec.child('controller')));
      else addEach(errors, spec.child('controller'), controller, checkDomainPrefixedPath(controller));
      if (parameters !== undefined) checkParameters(errors, spec.child('parameters'), parameters);
    },
    checkUpdate({ spec: ingressClass }, old, errors) {
      checkImmutable(errors, spec.child('controller'), ingressClass?.controller ?? '', old.spec?.controller ?? '');
    },
  }),
};

function checkHost(host: string): string[] {
  return host.includes('*') ? checkWildcardDns1123Subdomain(host) : checkDns1123Subdomain(host);
}

function checkRule(errors: Errors, path: FieldPath, { host, http }: networkingv1.IngressRule): void {
  if (host) {
    if (ipVersion(host) !== 0)
      errors.push(invalidValue(path.child('host'), host, 'must be a DNS name, not an IP address'));
    addEach(errors, path.child('host'), host, checkHost(host));
  }
  for (const [index, entry] of (http?.paths ?? []).entries()) {
    checkPath(errors, path.child('http', 'paths').index(index), entry);
  }
}

function checkPath(errors: Errors, item: FieldPath, entry: networkingv1.HTTPIngressPath): void {
  const { path = '', pathType, backend } = entry;
  if (!pathType) {
    errors.push(required(item.child('pathType'), 'pathType must be specified'));
    return;
  }
  const at = item.child('path');
  const relative = !path.startsWith('/');
  if (pathType === 'Exact' || pathType === 'Prefix') {
    if (relative) errors.push(invalidValue(at, path, 'must be an absolute path'));
    for (const sequence of ['//', '/./', '/../', '%2f', '%2F']) {
      if (path.includes(sequence)) errors.push(invalidValue(at, path, `must not contain '${sequence}'`));
    }
    for (const end of ['/..', '/.']) {
      if (path.endsWith(end)) errors.push(invalidValue(at, path, `cannot end with '${end}'`));
    }
  } else if (pathType === 'ImplementationSpecific') {
    if (path !== '' && relative) errors.push(invalidValue(at, path, 'must be an absolute path'));
  } else errors.push(notSupported(item.child('pathType'), pathType, pathTypes));
  checkBackend(errors, item.child('backend'), backend ?? {});
}

function checkBackend(errors: Errors, path: FieldPath, { resource, service }: networkingv1.IngressBackend): void {
  if (resource !== undefined && service !== undefined) {
    errors.push(invalidValue(path, '', 'cannot set both resource and service backends'));
  } else if (resource !== undefined) checkObject(errors, path.child('resource'), resource);
  else if (service === undefined) errors.push(invalidValue(path, '', 'resource or service backend is required'));
  else {
    const at = path.child('service');
    if (service.name) addEach(errors, at.child('name'), service.name, checkDns1035Label(service.name));
    const { name, number } = service.port ?? {};
    if (name && number) errors.push(invalidValue(path, '', 'cannot set both port name & port number'));
    else if (name) addEach(errors, at.child('port', 'name'), name, checkPortName(name));
    else if (number) addEach(errors, at.child('port', 'number'), number, checkPortNumber(number));
    else errors.push(required(path, 'port name or number is required'));
  }
}

/** That there are a kind and a name is judged here, for its text. */
function checkObject(
  errors: Errors,
  path: FieldPath,
  { apiGroup, kind, name }: Partial<v1.TypedLocalObjectReference>,
): void {
  if (typeof apiGroup === 'string') addEach(errors, path.child('apiGroup'), apiGroup, checkDns1123Subdomain(apiGroup));
  if (kind) addEach(errors, path.child('kind'), kind, checkPathSegment(kind));
  else errors.push(required(path.child('kind'), 'kind is required'));
  if (name) addEach(errors, path.child('name'), name, checkPathSegment(name));
  else errors.push(required(path.child('name'), 'name is required'));
}

function checkParameters(
  errors: Errors,
  path: FieldPath,
  parameters: networkingv1.IngressClassParametersReference,
): void {
  checkObject(errors, path, parameters);
  const { scope, namespace } = parameters;
  const at = path.child('namespace');
  if (scope === undefined) errors.push(required(path.child('scope')));
  else if (scope !== 'Cluster' && scope !== 'Namespace') {
    errors.push(notSupported(path.child('scope'), scope, ['Cluster', 'Namespace']));
  } else if (scope === 'Namespace') {
    if (namespace === undefined) errors.push(required(at, "`parameters.scope` is set to 'Namespace'"));
    else addEach(errors, at, namespace, checkDns1123Label(namespace));
  } else if (namespace !== undefined) {
    errors.push(forbiddenField(at, "`parameters.scope` is set to 'Cluster'"));
  }
}
