import { type ResourceReference, reasonOf, resources, type v1 } from '../api/index.ts';
import { KeelsonError } from '../base/index.ts';
import type { Client } from '../client/index.ts';

/** What a pod refers to is missing or not as it must be: the pod waits, and is tried again. */
export class ConfigurationError extends KeelsonError {
  constructor(message: string, options?: { cause?: unknown }) {
    super('CONFIGURATION', message, options);
  }
}

/** Reads the ConfigMaps and Secrets of one namespace; each at most once. */
export class References {
  readonly #client: Client;
  readonly namespace: string;
  readonly #read = new Map<string, Promise<v1.ConfigMap | v1.Secret | undefined>>();

  constructor(client: Client, namespace: string) {
    this.#client = client;
    this.namespace = namespace;
  }

  /** Undefined when it is not there and `optional`; else rejects with a ConfigurationError. */
  configMap(name: string, optional = false): Promise<v1.ConfigMap | undefined> {
    return this.#get<v1.ConfigMap>(resources.configMaps, 'configmap', name, optional);
  }

  /** The same for a Secret. */
  secret(name: string, optional = false): Promise<v1.Secret | undefined> {
    return this.#get<v1.Secret>(resources.secrets, 'secret', name, optional);
  }

  async #get<T extends v1.ConfigMap | v1.Secret>(
    type: ResourceReference,
    title: string,
    name: string,
    optional: boolean,
  ): Promise<T | undefined> {
    const key = `${title}/${name}`;
    const reading = this.#read.get(key) ?? this.#fetch(type, name);
    this.#read.set(key, reading);
    const object = await reading;
    if (object === undefined && !optional) throw new ConfigurationError(`${title} "${name}" not found`);
    return object as T | undefined;
  }

  async #fetch(type: ResourceReference, name: string): Promise<v1.ConfigMap | v1.Secret | undefined> {
    try {
      return await this.#client.get<v1.ConfigMap | v1.Secret>(type, this.namespace, name);
    } catch (error) {
      if (reasonOf(error) === 'NotFound') return undefined;
      throw error;
    }
  }
}

/** A ConfigMap's or Secret's values as bytes, by key. */
export function valuesOf(object: v1.ConfigMap | v1.Secret): Map<string, Buffer> {
  const values = new Map<string, Buffer>();
  const decoded = (object.kind === 'Secret' ? object.data : (object as v1.ConfigMap).binaryData) ?? {};
  const plain = object.kind === 'Secret' ? {} : ((object as v1.ConfigMap).data ?? {});
  for (const [key, text] of Object.entries(plain)) values.set(key, Buffer.from(text));
  for (const [key, base64] of Object.entries(decoded)) values.set(key, Buffer.from(base64, 'base64'));
  return values;
}
