import type { KubernetesObject } from '../object.ts';
import type { Column } from '../printing/table.ts';
import { ageSince, parseTime } from '../time.ts';
import type { CustomResourceColumnDefinition } from '../types/apiextensions-v1.ts';
import { type JsonPath, parseJsonPath } from './json-path.ts';

/** One column of `kubectl get`, as a CustomResourceDefinition says. */
interface CustomColumn {
  column: Column;
  path: JsonPath | undefined;
}

const ageColumn: CustomResourceColumnDefinition = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'When the object was created.',
};

/** How custom resources of one version are printed: the name, then what the definition says, or the age. */
export class CustomPrinter {
  readonly columns: readonly Column[];
  readonly #custom: readonly CustomColumn[];

  constructor(definitions: readonly CustomResourceColumnDefinition[] | undefined) {
    this.#custom = (definitions?.length ? definitions : [ageColumn]).map(
      ({ name, type, format = '', description = '', priority = 0, jsonPath }) => ({
        column: { name, type: type as Column['type'], format, description: description || jsonPath, priority },
        path: parseJsonPath(jsonPath),
      }),
    );
    const name: Column = {
      name: 'Name',
      type: 'string',
      format: 'name',
      description: 'Name of the object, unique among its kind and namespace.',
      priority: 0,
    };
    this.columns = [name, ...this.#custom.map(({ column }) => column)];
  }

  cells(object: KubernetesObject, now: number): unknown[] {
    const cells = this.#custom.map(({ column, path }) => cellOf(path?.find(object)[0], column.type, now));
    return [object.metadata.name ?? '', ...cells];
  }
}

function cellOf(value: unknown, type: Column['type'], now: number): unknown {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer':
      return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number':
      return typeof value === 'number' ? value : null;
    case 'boolean':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      if (typeof value !== 'string') return null;
      return parseTime(value) === undefined ? '<invalid>' : ageSince(value, now);
    default:
      return typeof value === 'string' ? value : JSON.stringify(value);
  }
}
