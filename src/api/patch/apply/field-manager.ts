import { fillZeros } from '../../decode/zero.ts';
import type { TypeDescription } from '../../description/index.ts';
import { applyConflict, badRequest } from '../../errors.ts';
import type { KubernetesObject, ManagedFieldsEntry } from '../../object.ts';
import { equalPlain, isPlainObject, type PlainObject } from '../../plain.ts';
import { quote } from '../../text.ts';
import { formatTime } from '../../time.ts';
import { rootShape, type Shape } from '../shape.ts';
import { FieldSet } from './field-set.ts';
import { CLIENT_SIDE_APPLIER, clientSideApplied, updateLastApplied } from './last-applied.ts';
import { decodeManagers, encodeManagers, type Manager, type Ownership, sameManager } from './managers.ts';
import { type Comparison, compareObjects, fieldSetOf, mergeApplied, withNamedFields, withoutFields } from './typed.ts';

/** A change of an object, as its fields' owners see it. */
export interface Change {
  type: TypeDescription;
  /** The object as it is stored; undefined when it is created. Not changed. */
  live: KubernetesObject | undefined;
  /** `kubectl`, `helm`, `kube-controller-manager`, … */
  manager: string;
  /** '' or nothing for the object itself. */
  subresource?: string;
  /** Milliseconds since the epoch. */
  now: number;
}

/**
 * Server-side apply: what `config` says is merged into the object and becomes the manager's; what the
 * manager applied before and doesn't any more is removed, unless somebody else owns it too. 409 if
 * others own fields with other values, unless `force` takes them over. The result needs defaults and
 * validation; it shares nothing with the arguments.
 */
export function applyConfiguration(change: Change & { config: object; force: boolean }): PlainObject {
  const { type, live: stored, force, now } = change;
  const config = { ...(change.config as PlainObject) };
  if (isPlainObject(config['metadata']) && config['metadata']['managedFields'] !== undefined) {
    throw badRequest('metadata.managedFields must be nil');
  }
  const shape = rootShape(type);
  const live = withoutManagedFields(stored ?? emptyObject(config, type));
  const self = managerOf('Apply', change, config);
  const owners = ownersOf(stored);
  const last = owners.find((owner) => sameManager(owner, self));
  const given = fieldSetOf(config, shape);
  const fields = tracked(given, change);
  const next = owners.filter((owner) => owner !== last);
  // What names the object is nobody's, but as it is applied, metadata stays.
  next.push({ ...self, fields: given, time: last?.time });
  let merged = mergeApplied(live, config, shape);
  if (last !== undefined) merged = prune(merged, last.fields, next, shape);
  const result = merged as PlainObject;
  const others = next.slice(0, -1);
  const comparison = compareObjects(live, result, shape);
  const clientSide = self.manager === CLIENT_SIDE_APPLIER;
  const claimed = clientSide ? clientSideApplied(live, shape) : new FieldSet();
  const changed = comparison.modified.union(comparison.added).difference(claimed);
  const conflicts = others
    .map((owner) => ({ owner, fields: owner.fields.intersection(changed) }))
    .filter(({ fields: taken }) => !taken.empty);
  if (conflicts.length > 0 && !force) throw conflictError(conflicts);
  const time = timeOf(last, fields, comparison, now);
  const settled = [...others.map((owner) => yielding(owner, comparison)), { ...self, fields, time }];
  setManagedFields(result, encodeManagers(settled));
  if (clientSide) updateLastApplied(result, config);
  return result;
}

/**
 * Notes in `next`'s managedFields what a create, update or patch changed: changed fields become the
 * manager's alone. Call it with the object as it will be stored, and as it was `asked` for if admission
 * may have changed it: what admission sets is nobody's. Changes only managedFields.
 */
export function trackUpdate(change: Change & { next: KubernetesObject; asked?: KubernetesObject }): void {
  const { type, live: stored, next, asked, now } = change;
  const given = next.metadata.managedFields;
  // One empty entry asks for a new start; what isn't understood is ignored.
  const reset = given?.length === 1 && Object.keys(given[0]!).length === 0;
  const owners = reset ? [] : ((given && decodeManagers(given)) ?? ownersOf(stored));
  const object = next as unknown as PlainObject;
  const live = stored === undefined ? emptyObject(object, type) : withoutManagedFields(stored);
  const compare = (other: KubernetesObject): Comparison =>
    compareObjects(live, withoutManagedFields(other), rootShape(type));
  const whole = compare(next);
  const comparison = asked === undefined || sameButForSystem(asked, next) ? whole : inBoth(whole, compare(asked));
  const self = managerOf('Update', change, object);
  const taken = tracked(comparison.modified.union(comparison.added), change);
  const settled = owners.map((owner) => yielding(owner, comparison));
  if (!taken.empty) {
    const own = settled.find((owner) => sameManager(owner, self));
    const time = formatTime(now);
    if (own === undefined) settled.push({ ...self, fields: taken, time });
    else settled[settled.indexOf(own)] = { ...own, fields: own.fields.union(taken), time, encoded: undefined };
  }
  setManagedFields(object, encodeManagers(settled));
}

/** Whether two states of an object differ in nothing but the times in managedFields: nothing to store then. */
export function sameButForTimes(next: KubernetesObject, live: KubernetesObject): boolean {
  const timeless = (object: KubernetesObject): PlainObject => ({
    ...object,
    metadata: { ...object.metadata, managedFields: object.metadata.managedFields?.map(({ time: _, ...rest }) => rest) },
  });
  return equalPlain(timeless(next), timeless(live));
}

/** Whether two states of an object differ at most in metadata that only the system sets. */
function sameButForSystem(a: KubernetesObject, b: KubernetesObject): boolean {
  const settable = ({ metadata, ...rest }: KubernetesObject): PlainObject => ({
    ...rest,
    of: [metadata.labels, metadata.annotations, metadata.finalizers, metadata.ownerReferences],
  });
  return equalPlain(settable(a), settable(b));
}

function inBoth(a: Comparison, b: Comparison): Comparison {
  return {
    added: a.added.intersection(b.added),
    modified: a.modified.intersection(b.modified),
    removed: a.removed.intersection(b.removed),
  };
}

function managerOf(operation: Manager['operation'], change: Change, object: PlainObject): Manager {
  const { manager, subresource = '' } = change;
  return { manager, operation, apiVersion: String(object['apiVersion']), subresource };
}

function ownersOf(object: KubernetesObject | undefined): Ownership[] {
  return decodeManagers(object?.metadata.managedFields ?? []) ?? [];
}

/** What others lose to a change: what it changed or removed. */
function yielding(owner: Ownership, { added, modified, removed }: Comparison): Ownership {
  const lost = owner.fields.intersection(modified.union(added).union(removed));
  return lost.empty ? owner : { ...owner, fields: owner.fields.difference(lost), encoded: undefined };
}

/** An applied configuration gets a new time only if it changed anything. */
function timeOf(last: Ownership | undefined, fields: FieldSet, comparison: Comparison, now: number): string {
  const { added, removed, modified } = comparison;
  const same = last?.time !== undefined && last.fields.equals(fields);
  return same && added.empty && removed.empty && modified.empty ? last.time! : formatTime(now);
}

/** Removes what was applied before (`last`) and is nobody's any more. */
function prune(merged: unknown, last: FieldSet, owners: readonly Ownership[], shape: Shape): unknown {
  const named = (set: FieldSet): FieldSet => withNamedFields(set, shape);
  const before = named(last);
  const all = named(fieldSetOf(merged, shape));
  const pruned = named(fieldSetOf(withoutFields(merged, before, shape) ?? {}, shape));
  const owned = named(owners.reduce((sum, { fields }) => sum.union(fields), new FieldSet()));
  const left = withoutFields(merged, all.difference(pruned.union(owned)), shape) ?? {};
  const gone = all.difference(named(fieldSetOf(left, shape))).intersection(before);
  return withoutFields(merged, gone, shape) ?? {};
}

/** Without what nobody owns: what names the object or is the server's, and what this endpoint doesn't change. */
function tracked(set: FieldSet, { type, subresource = '' }: Change): FieldSet {
  const rest = set.difference(servers);
  const fields = [...type.fields.keys()].filter((name) => name !== 'metadata');
  const elsewhere = fields.filter(
    (name) => type.fields.has('status') && (name === 'status') !== (subresource === 'status'),
  );
  for (const name of subresource === '' || subresource === 'status' ? elsewhere : []) {
    rest.members.delete(`f:${name}`);
    rest.children.delete(`f:${name}`);
  }
  return rest;
}

const servers = new FieldSet(
  ['f:apiVersion', 'f:kind', 'f:metadata'],
  [
    [
      'f:metadata',
      new FieldSet([
        'f:name',
        'f:namespace',
        'f:creationTimestamp',
        'f:selfLink',
        'f:uid',
        'f:generation',
        'f:managedFields',
        'f:resourceVersion',
      ]),
    ],
  ],
);

/** What a kind's object is before anything is set: that much of a new object is nobody's. */
function emptyObject(object: PlainObject, type: TypeDescription): KubernetesObject {
  const empty: PlainObject = { apiVersion: object['apiVersion'], kind: object['kind'] };
  fillZeros(type, empty);
  return empty as unknown as KubernetesObject;
}

function withoutManagedFields(object: KubernetesObject): KubernetesObject {
  const { managedFields: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

function setManagedFields(object: PlainObject, entries: ManagedFieldsEntry[] | undefined): void {
  const metadata = isPlainObject(object['metadata']) ? object['metadata'] : {};
  object['metadata'] = metadata;
  if (entries === undefined) delete metadata['managedFields'];
  else metadata['managedFields'] = entries;
}

interface Conflict {
  owner: Ownership;
  fields: FieldSet;
}

function conflictError(conflicts: readonly Conflict[]): Error {
  const found = conflicts
    .map(({ owner, fields }) => ({ name: ownerText(owner), paths: [...fields.paths()] }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const causes = found.flatMap(({ name, paths }) =>
    paths.map((field) => ({ reason: 'FieldManagerConflict', message: `conflict with ${name}`, field })),
  );
  if (causes.length === 1) {
    const [{ name, paths }] = found as [{ name: string; paths: string[] }];
    return applyConflict(causes, `Apply failed with 1 conflict: conflict with ${name}: ${paths[0]}`);
  }
  const lines = found.flatMap(({ name, paths }) => [`conflicts with ${name}:`, ...paths.map((path) => `- ${path}`)]);
  return applyConflict(causes, `Apply failed with ${causes.length} conflicts: ${lines.join('\n')}`);
}

function ownerText({ manager, operation, subresource, apiVersion }: Ownership): string {
  const name = subresource === '' ? quote(manager) : `${quote(manager)} with subresource ${quote(subresource)}`;
  return operation === 'Apply' ? name : `${name} using ${apiVersion}`;
}
