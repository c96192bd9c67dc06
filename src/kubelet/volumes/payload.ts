import type { v1 } from '../../api/index.ts';
import { errorMessage } from '../../base/index.ts';
import { fieldValue, type PodPlace, resourceValue } from '../downward-api.ts';
import { namedContainer } from '../env.ts';
import { ConfigurationError, type References, valuesOf } from '../references.ts';
import type { Payload, PayloadFile } from './atomic-writer.ts';

export interface PayloadContext {
  pod: v1.Pod;
  place: PodPlace;
  references: References;
  /** A token of the pod's service account. */
  token(projection: v1.ServiceAccountTokenProjection): Promise<string>;
}

const defaultFileMode = 0o644;

/** What a volume of files made by the API holds; undefined for other volumes. Rejects with a ConfigurationError. */
export async function volumePayload(volume: v1.Volume, context: PayloadContext): Promise<Payload | undefined> {
  const { configMap, secret, downwardAPI, projected } = volume;
  const { references } = context;
  if (configMap) {
    const object = await references.configMap(configMap.name!, configMap.optional);
    return keys(object, configMap.items, configMap.defaultMode, configMap.optional);
  }
  if (secret) {
    const object = await references.secret(secret.secretName!, secret.optional);
    return keys(object, secret.items, secret.defaultMode, secret.optional);
  }
  if (downwardAPI) return downward(downwardAPI.items, downwardAPI.defaultMode, context);
  if (projected) return projection(projected, context);
  return undefined;
}

async function projection(source: v1.ProjectedVolumeSource, context: PayloadContext): Promise<Payload> {
  const files = new Map<string, PayloadFile>();
  const { references } = context;
  const mode = source.defaultMode;
  for (const { configMap, secret, downwardAPI, serviceAccountToken, ...others } of source.sources ?? []) {
    let part: Payload;
    if (configMap) {
      const object = await references.configMap(configMap.name!, configMap.optional);
      part = keys(object, configMap.items, mode, configMap.optional);
    } else if (secret) {
      part = keys(await references.secret(secret.name!, secret.optional), secret.items, mode, secret.optional);
    } else if (downwardAPI) part = downward(downwardAPI.items, mode, context);
    else if (serviceAccountToken) part = await tokenFile(serviceAccountToken, mode, context);
    else throw new ConfigurationError(`projected source ${Object.keys(others)[0]} is not supported by this node`);
    for (const [path, file] of part) files.set(path, file);
  }
  return files;
}

async function tokenFile(
  projection: v1.ServiceAccountTokenProjection,
  mode: number | undefined,
  { token }: PayloadContext,
): Promise<Payload> {
  const content = Buffer.from(
    await token(projection).catch((error: unknown) => {
      throw new ConfigurationError(`failed to fetch token: ${errorMessage(error)}`, { cause: error });
    }),
  );
  return new Map([[projection.path, { content, mode: mode ?? defaultFileMode }]]);
}

function keys(
  object: v1.ConfigMap | v1.Secret | undefined,
  items: readonly v1.KeyToPath[] | undefined,
  defaultMode: number | undefined,
  optional: boolean | undefined,
): Payload {
  const files = new Map<string, PayloadFile>();
  if (!object) return files;
  const values = valuesOf(object);
  const mode = defaultMode ?? defaultFileMode;
  if (!items?.length) {
    for (const [key, content] of values) files.set(key, { content, mode });
    return files;
  }
  for (const item of items) {
    const content = values.get(item.key);
    if (content === undefined && optional) continue;
    if (content === undefined)
      throw new ConfigurationError(`references non-existent ${object.kind!.toLowerCase()} key: ${item.key}`);
    files.set(item.path, { content, mode: item.mode ?? mode });
  }
  return files;
}

function downward(
  items: readonly v1.DownwardAPIVolumeFile[] | undefined,
  defaultMode: number | undefined,
  { pod, place }: PayloadContext,
): Payload {
  const files = new Map<string, PayloadFile>();
  for (const { path, fieldRef, resourceFieldRef, mode } of items ?? []) {
    const text = fieldRef
      ? fieldValue(fieldRef.fieldPath, pod, place)
      : resourceValue(resourceFieldRef!, namedContainer(resourceFieldRef!, pod, undefined), place);
    files.set(path, { content: Buffer.from(text), mode: mode ?? defaultMode ?? defaultFileMode });
  }
  return files;
}
