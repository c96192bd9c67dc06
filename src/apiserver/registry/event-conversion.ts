import type { UnstructuredObject } from '../../api/index.ts';

/**
 * Events exist in two groups, which are two views of one storage; it holds the core form.
 * Fields not named here are the same in both.
 */
const renamed = [
  ['involvedObject', 'regarding'],
  ['message', 'note'],
  ['reportingComponent', 'reportingController'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
] as const;

const toNew: ReadonlyMap<string, string> = new Map(renamed);
const toCore: ReadonlyMap<string, string> = new Map(renamed.map(([core, other]) => [other, core]));

/** From events.k8s.io/v1 to v1. */
export function coreEventOf(object: UnstructuredObject): UnstructuredObject {
  return rename(object, toCore, 'v1');
}

/** From v1 to events.k8s.io/v1. */
export function newEventOf(object: UnstructuredObject): UnstructuredObject {
  return rename(object, toNew, 'events.k8s.io/v1');
}

function rename(
  object: UnstructuredObject,
  names: ReadonlyMap<string, string>,
  apiVersion: string,
): UnstructuredObject {
  const converted: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(object)) converted[names.get(field) ?? field] = value;
  converted['apiVersion'] = apiVersion;
  return converted as UnstructuredObject;
}
