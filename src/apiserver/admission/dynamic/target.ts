import { apiVersionOf, type ResourceType, resourceTypes, type UnstructuredObject } from '../../../api/index.ts';
import { servedObject, storageOf } from '../../registry/storage.ts';
import { subresourceOf } from '../../registry/subresources/index.ts';
import type { AdmissionAttributes } from '../types.ts';

/** Group, version and kind, as AdmissionReview spells them. */
export interface Kind {
  group: string;
  version: string;
  kind: string;
}

/** The object and the old one as somebody outside sees them: of a subresource what belongs to it. */
export interface View {
  /** What was asked for, whichever version a rule names. */
  requestType: ResourceType;
  /** In which version the objects are shown. */
  type: ResourceType;
  kind: Kind;
  requestKind: Kind;
  object: UnstructuredObject | undefined;
  old: UnstructuredObject | undefined;
}

/** Kinds that show the same objects: other versions of a kind, and events of both groups. */
export function equivalentTypes(type: ResourceType): readonly ResourceType[] {
  if (type.custom !== undefined) return type.custom.versions.filter((other) => other !== type);
  const { group, resource } = storageOf(type);
  return resourceTypes().filter((other) => {
    if (other === type || other.resource !== type.resource) return false;
    const storage = storageOf(other);
    return storage.group === group && storage.resource === resource;
  });
}

export async function viewOf(attributes: AdmissionAttributes, type: ResourceType): Promise<View> {
  const { type: requestType, subresource, object, old } = attributes;
  const show = async (whole: UnstructuredObject | undefined): Promise<UnstructuredObject | undefined> => {
    if (whole === undefined || whole.kind !== requestType.kind) return whole;
    const part = subresourceOf(requestType, subresource);
    return inVersion(part?.view(whole) ?? whole, requestType, type);
  };
  return {
    requestType,
    type,
    kind: kindOf(type, subresource),
    requestKind: kindOf(requestType, subresource),
    object: await show(object),
    old: await show(old),
  };
}

/** The kind of the body that a (sub)resource takes. */
function kindOf(type: ResourceType, subresource: string | undefined): Kind {
  const { group, version, kind } = type.subresources.find(({ name }) => name === subresource) ?? type;
  return { group, version, kind };
}

/** The same object in another version; neither argument is changed. */
export async function inVersion(
  object: UnstructuredObject,
  from: ResourceType,
  to: ResourceType,
): Promise<UnstructuredObject> {
  if (from === to || object.kind !== from.kind) return object;
  const stored = (await storageOf(from).conversion?.toStored(object)) ?? object;
  return { ...(await servedObject(storageOf(to), stored)), apiVersion: apiVersionOf(to), kind: to.kind };
}
