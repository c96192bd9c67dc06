import type { v1 } from '../api/index.ts';
import type { EnvVar } from '../runtime/index.ts';
import { fieldValue, type PodPlace, resourceValue } from './downward-api.ts';
import { expand } from './expansion.ts';
import { ConfigurationError, type References, valuesOf } from './references.ts';
import { serviceEnvironment } from './service-env.ts';

export interface EnvironmentInput {
  pod: v1.Pod;
  container: v1.Container;
  place: PodPlace;
  references: References;
  services: Iterable<v1.Service>;
  apiServer?: { host: string; port: number } | undefined;
}

/**
 * All variables of a container: what Services say, over that `envFrom`, over that `env`, whose values may use what
 * came before as `$(NAME)`. Rejects with a ConfigurationError when something referred to is missing.
 */
export async function containerEnvironment(input: EnvironmentInput): Promise<EnvVar[]> {
  const { pod, container, services, apiServer } = input;
  const fromServices = serviceEnvironment(services, pod.metadata.namespace!, pod.spec?.enableServiceLinks !== false);
  if (apiServer !== undefined) {
    // Client libraries find the API by these two; the Service's own address needs somebody to forward it.
    fromServices.set('KUBERNETES_SERVICE_HOST', apiServer.host);
    fromServices.set('KUBERNETES_SERVICE_PORT', String(apiServer.port));
    fromServices.set('KUBERNETES_SERVICE_PORT_HTTPS', String(apiServer.port));
  }
  const own = new Map<string, string>();
  for (const source of container.envFrom ?? []) {
    for (const [name, value] of await allOf(source, input)) own.set(name, value);
  }
  const lookup = (name: string): string | undefined => own.get(name) ?? fromServices.get(name);
  for (const variable of container.env ?? []) {
    const value = variable.valueFrom
      ? await referredValue(variable.valueFrom, input)
      : expand(variable.value ?? '', lookup);
    if (value !== undefined) own.set(variable.name, value);
  }
  return [...new Map([...fromServices, ...own])].map(([name, value]) => ({ name, value }));
}

async function allOf(
  { prefix = '', configMapRef, secretRef }: v1.EnvFromSource,
  { references }: EnvironmentInput,
): Promise<[string, string][]> {
  const object = configMapRef
    ? await references.configMap(configMapRef.name!, configMapRef.optional)
    : await references.secret(secretRef!.name!, secretRef!.optional);
  if (!object) return [];
  return [...valuesOf(object)].map(([key, value]) => [prefix + key, value.toString()]);
}

/** Undefined for what is optional and not there. */
async function referredValue(
  source: v1.EnvVarSource,
  { pod, container, place, references }: EnvironmentInput,
): Promise<string | undefined> {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef } = source;
  if (fieldRef) return fieldValue(fieldRef.fieldPath, pod, place);
  if (resourceFieldRef) return resourceValue(resourceFieldRef, namedContainer(resourceFieldRef, pod, container), place);
  if (configMapKeyRef) {
    const { name, key, optional } = configMapKeyRef;
    const object = await references.configMap(name!, optional);
    return valueAt(object, key, optional, `ConfigMap ${references.namespace}/${name}`);
  }
  if (secretKeyRef) {
    const { name, key, optional } = secretKeyRef;
    const object = await references.secret(name!, optional);
    return valueAt(object, key, optional, `Secret ${references.namespace}/${name}`);
  }
  throw new ConfigurationError('a variable has a source that this node does not support');
}

/** The container that a selector names; its own when it names none. */
export function namedContainer(
  { containerName }: v1.ResourceFieldSelector,
  pod: v1.Pod,
  own: v1.Container | undefined,
): v1.Container {
  const all = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])];
  const found = containerName ? all.find(({ name }) => name === containerName) : own;
  if (!found) throw new ConfigurationError(`container ${containerName} not found`);
  return found;
}

function valueAt(
  object: v1.ConfigMap | v1.Secret | undefined,
  key: string,
  optional: boolean | undefined,
  title: string,
): string | undefined {
  if (!object) return undefined;
  const value = valuesOf(object).get(key);
  if (value === undefined && !optional) throw new ConfigurationError(`couldn't find key ${key} in ${title}`);
  return value?.toString();
}
