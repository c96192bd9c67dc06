import type { ManagedFieldsEntry } from '../../object.ts';
import { type FieldSet, fromFieldsV1, toFieldsV1 } from './field-set.ts';

/** Who changes an object, and how. */
export interface Manager {
  manager: string;
  operation: 'Apply' | 'Update';
  apiVersion: string;
  /** '' for the object itself. */
  subresource: string;
}

/** A manager and the fields that it owns. */
export interface Ownership extends Manager {
  fields: FieldSet;
  time: string | undefined;
  /** The stored form of `fields`, as long as they are as they were read. */
  encoded?: unknown;
}

/** Entries for updates beyond these are summed up, oldest first. */
const maxUpdateManagers = 10;
const ancientName = 'ancient-changes';

/** Who applies is the same in every version: what it applied in one it gives up in another. */
export function sameManager(a: Manager, b: Manager): boolean {
  return (
    a.manager === b.manager &&
    a.operation === b.operation &&
    (a.operation === 'Apply' || a.apiVersion === b.apiVersion) &&
    a.subresource === b.subresource
  );
}

/** Reads managedFields; undefined if they are malformed. */
export function decodeManagers(entries: readonly ManagedFieldsEntry[]): Ownership[] | undefined {
  const owners: Ownership[] = [];
  for (const entry of entries) {
    const { manager = '', operation, apiVersion = '', subresource = '', time, fieldsType, fieldsV1 } = entry;
    const fields = fromFieldsV1(fieldsV1 ?? {});
    const known = operation === 'Apply' || operation === 'Update';
    if (!known || fieldsType !== 'FieldsV1' || apiVersion === '' || fields === undefined) return undefined;
    owners.push({ manager, operation, apiVersion, subresource, time, fields, encoded: fieldsV1 });
  }
  return owners;
}

/** Writes managedFields, without managers that own nothing; undefined if there are none. */
export function encodeManagers(owners: readonly Ownership[]): ManagedFieldsEntry[] | undefined {
  const entries = capped(owners.filter(({ fields }) => !fields.empty))
    .sort(compareOwners)
    .map(({ manager, operation, apiVersion, subresource, time, fields, encoded }) => ({
      manager,
      operation,
      apiVersion,
      ...(time === undefined ? {} : { time }),
      fieldsType: 'FieldsV1',
      fieldsV1: encoded ?? toFieldsV1(fields),
      ...(subresource === '' ? {} : { subresource }),
    }));
  return entries.length === 0 ? undefined : entries;
}

function compareOwners(a: Ownership, b: Ownership): number {
  const key = ({ operation, time = '', manager, apiVersion, subresource }: Ownership): string =>
    [operation, time, manager, apiVersion, subresource].join('\0');
  return key(a) < key(b) ? -1 : 1;
}

function capped(owners: Ownership[]): Ownership[] {
  const updates = owners.filter(({ operation }) => operation === 'Update').sort(compareOwners);
  const old = updates.slice(0, Math.max(0, updates.length - maxUpdateManagers));
  if (old.length === 0) return owners;
  const kept = owners.filter((owner) => !old.includes(owner));
  for (const owner of old) {
    const ancient = { ...owner, manager: ancientName, subresource: '' };
    const known = kept.find((other) => sameManager(other, ancient));
    if (known === undefined) kept.push(ancient);
    else Object.assign(known, { fields: known.fields.union(owner.fields), time: owner.time, encoded: undefined });
  }
  return kept;
}
