import type { KubernetesObject, ListMeta } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import type { Printer } from './printer.ts';
import { fallbackPrinter, printers } from './printers.ts';

/** A list as rows of ready-made cells, which is what `kubectl get` asks for. */
export interface Table {
  kind: 'Table';
  apiVersion: `meta.k8s.io/${'v1' | 'v1beta1'}`;
  metadata: ListMeta;
  columnDefinitions: readonly Column[];
  rows: TableRow[];
}

export interface Column {
  name: string;
  type: 'string' | 'integer' | 'number' | 'boolean' | 'date';
  /** `name` marks the column that names the object. */
  format: string;
  description: string;
  /** Columns over 0 are shown by `-o wide` only. */
  priority: number;
}

export interface TableRow {
  cells: unknown[];
  conditions?: readonly RowCondition[];
  /** The object, its metadata or null, as the client asked. */
  object: unknown;
}

export interface RowCondition {
  type: 'Completed';
  status: 'True';
  reason: string;
  message: string;
}

export interface TableOptions {
  /** Ages are as of then, in milliseconds since the epoch. */
  now: number;
  includeObject: 'None' | 'Metadata' | 'Object';
  /** Of meta.k8s.io. */
  version?: 'v1' | 'v1beta1' | undefined;
}

/** Prints objects of one kind as Kubernetes' API server does. The rows share the objects: don't change them. */
export function tableOf(
  type: Pick<ResourceType, 'group' | 'kind' | 'custom'>,
  objects: readonly KubernetesObject[],
  { now, includeObject, version = 'v1' }: TableOptions,
): Table {
  const apiVersion = `meta.k8s.io/${version}` as const;
  const printer: Printer =
    type.custom?.printer ?? printers[type.group === '' ? type.kind : `${type.kind}.${type.group}`] ?? fallbackPrinter;
  const rows = objects.map((object): TableRow => {
    const row: TableRow = { cells: printer.cells(object, now), object: includedOf(object, includeObject, apiVersion) };
    const conditions = printer.conditions?.(object);
    if (conditions !== undefined) row.conditions = conditions;
    return row;
  });
  return { kind: 'Table', apiVersion, metadata: {}, columnDefinitions: printer.columns, rows };
}

function includedOf(object: KubernetesObject, included: TableOptions['includeObject'], apiVersion: string): unknown {
  if (included === 'None') return null;
  if (included === 'Object') return object;
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: object.metadata };
}
