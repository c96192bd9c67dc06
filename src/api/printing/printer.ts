import type { KubernetesObject } from '../object.ts';
import { type LabelSelectorObject, selectorFromObject } from '../selectors/index.ts';
import { ageSince } from '../time.ts';
import type { v1 } from '../types/index.ts';
import type { Column, RowCondition } from './table.ts';

/** How one kind is printed. */
export interface Printer {
  readonly columns: readonly Column[];
  cells(object: KubernetesObject, now: number): unknown[];
  conditions?(object: KubernetesObject): readonly RowCondition[] | undefined;
}

/** A printer for objects of type T; who looks it up by kind vouches for the type. */
export function printer<T extends KubernetesObject>(
  columns: readonly Column[],
  cells: (object: T, now: number) => unknown[],
  conditions?: (object: T) => readonly RowCondition[] | undefined,
): Printer {
  return { columns, cells, conditions } as unknown as Printer;
}

export function column(name: string, description: string, type: Column['type'] = 'string'): Column {
  return { name, type, format: '', description, priority: 0 };
}

/** A column that only `-o wide` shows. */
export function wide(name: string, description: string, type: Column['type'] = 'string'): Column {
  return { ...column(name, description, type), priority: 1 };
}

export const nameColumn: Column = {
  ...column('Name', 'Name of the object, unique among its kind and namespace.'),
  format: 'name',
};
export const ageColumn = column('Age', 'How long ago the object was created.');
export const templateColumns: readonly Column[] = [
  wide('Containers', 'Names of the containers in the pod template.'),
  wide('Images', 'Images of the containers in the pod template.'),
];
export const selectorColumn = wide('Selector', 'Labels of the pods that it is about.');

export const age = (object: KubernetesObject, now: number): string => ageSince(object.metadata.creationTimestamp, now);

export const nameOf = (object: KubernetesObject): string => object.metadata.name ?? '';

/** The text, or `<none>`. */
export const orNone = (text: string | null | undefined): string => text || '<none>';
export const orUnknown = (text: string | undefined): string => text || '<unknown>';
export const orUnset = (text: string | undefined): string => text ?? '<unset>';

/** `a=1,b=2`, sorted; `<none>` if there are none. */
export function labelsText(labels: Readonly<Record<string, string>> | undefined): string {
  return orNone(
    Object.entries(labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(','),
  );
}

/** A selector's text; `<none>` if it is empty, `<error>` if it isn't one. */
export function selectorText(selector: LabelSelectorObject | null | undefined): string {
  try {
    return orNone(selectorFromObject(selector).toString());
  } catch {
    return '<error>';
  }
}

/** Cells of templateColumns. */
export function templateCells(template: v1.PodTemplateSpec | undefined): [names: string, images: string] {
  const containers = template?.spec?.containers ?? [];
  return [containers.map(({ name }) => name).join(','), containers.map(({ image }) => image ?? '').join(',')];
}

/** At most `max` items, and how many more there are. */
export function firstOf(items: readonly string[], max: number, separator = ','): string {
  const shown = items.slice(0, max).join(separator);
  return items.length > max ? `${shown} + ${items.length - max} more...` : shown;
}

/** True of a condition of that type with status True. */
export function hasCondition(
  conditions: readonly { type: string; status: string }[] | undefined,
  type: string,
): boolean {
  return conditions?.some((condition) => condition.type === type && condition.status === 'True') ?? false;
}
