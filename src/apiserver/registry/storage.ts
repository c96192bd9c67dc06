import {
  apiVersionOf,
  autoscalerV1Of,
  autoscalerV2Of,
  type CustomKind,
  type ResourceType,
  storageType,
  type UnstructuredObject,
} from '../../api/index.ts';
import { ComputedObject, type StoredObject } from './encoded.ts';
import { coreEventOf, newEventOf } from './event-conversion.ts';
import { collectionPrefix } from './keys.ts';
import type { Encoded, GroupResource } from './types.ts';

/** Where and in which form the objects of a kind are stored. Several kinds may be views of one storage. */
export interface Storage extends GroupResource {
  /** What all its keys begin with. */
  prefix: string;
  /** Undefined: stored as served. */
  conversion: Conversion | undefined;
  /** What was converted already. */
  served: WeakMap<StoredObject, Encoded>;
}

/** Between the served and the stored form. Neither changes its argument; what doesn't change is returned as it is. */
interface Conversion {
  toStored(object: UnstructuredObject): UnstructuredObject;
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
    storage = { group, resource, prefix: collectionPrefix({ group, resource }), conversion, served: new WeakMap() };
    storages.set(type, storage);
  }
  return storage;
}

function customConversion(kind: CustomKind): Conversion {
  return { toStored: (object) => kind.stored(object), toServed: (object) => kind.served(object) };
}

/** A stored object in the form that is served; converted once for all readers. */
export function servedForm({ conversion, served }: Storage, stored: StoredObject): Encoded {
  if (conversion === undefined) return stored;
  let encoded = served.get(stored);
  if (encoded === undefined) {
    const { object } = stored;
    const converted = conversion.toServed(object);
    encoded = converted === object ? stored : new ComputedObject(converted);
    served.set(stored, encoded);
  }
  return encoded;
}
