import {
  apiVersionOf,
  autoscalerV1Of,
  autoscalerV2Of,
  type ConvertObjects,
  type CustomKind,
  type ResourceType,
  storageType,
  type UnstructuredObject,
} from '../../api/index.ts';
import { assert } from '../../base/index.ts';
import { ComputedObject, type StoredObject } from './encoded.ts';
import { coreEventOf, newEventOf } from './event-conversion.ts';
import { collectionPrefix } from './keys.ts';
import type { Encoded, GroupResource } from './types.ts';

/** Where and in which form the objects of a kind are stored. Several kinds may be views of one storage. */
export interface Storage extends GroupResource {
  /** What all its keys begin with. */
  prefix: string;
  /** That is served. */
  apiVersion: string;
  /** Undefined: stored as served. */
  conversion: Conversion | undefined;
  /** What was converted already. */
  served: WeakMap<StoredObject, Encoded>;
  /** A webhook that converts between versions, which takes its time: call `prepareServed` before `servedForm`. */
  webhook: ConvertObjects | undefined;
}

/** Between the served and the stored form. Neither changes its argument; what doesn't change is returned as it is. */
interface Conversion {
  toStored(object: UnstructuredObject): UnstructuredObject | Promise<UnstructuredObject>;
  toServed(object: UnstructuredObject): UnstructuredObject;
}

/** By the group and version that is served, where that isn't the one that is stored. */
const conversions: Readonly<Record<string, Conversion>> = {
  'autoscaling/v1': { toStored: autoscalerV2Of, toServed: autoscalerV1Of },
  'events.k8s.io/v1': { toStored: coreEventOf, toServed: newEventOf },
};

const storages = new WeakMap<ResourceType, Storage>();

export function storageOf(type: ResourceType): Storage {
  let storage = storages.get(type);
  if (storage === undefined) {
    const { group, version, resource } = storageType(type);
    const asServed = group === type.group && version === type.version;
    const conversion =
      type.custom !== undefined
        ? customConversion(type.custom)
        : asServed
          ? undefined
          : conversions[apiVersionOf(type)];
    const prefix = collectionPrefix({ group, resource });
    const webhook = type.custom?.convert;
    const apiVersion = apiVersionOf(type);
    storage = { group, resource, prefix, apiVersion, conversion, served: new WeakMap(), webhook };
    storages.set(type, storage);
  }
  return storage;
}

function customConversion(kind: CustomKind): Conversion {
  return { toStored: (object) => kind.stored(object), toServed: (object) => kind.served(object) };
}

/** A stored object in the form that is served; converted once for all readers. */
export function servedForm({ conversion, served, webhook, apiVersion }: Storage, stored: StoredObject): Encoded {
  if (conversion === undefined) return stored;
  let encoded = served.get(stored);
  if (encoded === undefined) {
    const { object } = stored;
    assert(webhook === undefined || object.apiVersion === apiVersion, 'the object was not prepared');
    const converted = conversion.toServed(object);
    encoded = converted === object ? stored : new ComputedObject(converted);
    served.set(stored, encoded);
  }
  return encoded;
}

/** Converts what a webhook has to, all at once. What can't be decoded is left for others to stumble on. */
export async function prepareServed(storage: Storage, objects: Iterable<StoredObject | undefined>): Promise<void> {
  const { webhook, served, apiVersion, conversion } = storage;
  if (webhook === undefined) return;
  const foreign: StoredObject[] = [];
  for (const stored of objects) {
    if (stored !== undefined && !served.has(stored) && stored.object.apiVersion !== apiVersion) foreign.push(stored);
  }
  if (foreign.length === 0) return;
  const converted = await webhook(
    foreign.map(({ object }) => object),
    apiVersion,
  );
  for (const [index, stored] of foreign.entries()) {
    served.set(stored, new ComputedObject(conversion!.toServed(converted[index]!)));
  }
}

/** The same of an object that isn't stored. */
export async function servedObject(
  { webhook, conversion, apiVersion }: Storage,
  object: UnstructuredObject,
): Promise<UnstructuredObject> {
  if (conversion === undefined) return object;
  const converted =
    webhook === undefined || object.apiVersion === apiVersion ? object : (await webhook([object], apiVersion))[0]!;
  return conversion.toServed(converted);
}
