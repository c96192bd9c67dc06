import type { apiextensionsv1 } from '../../api/index.ts';

type Names = apiextensionsv1.CustomResourceDefinitionNames;

/** What comes of the names that a definition asks for, beside those of others of its group. */
export interface NamesVerdict {
  accepted: Names;
  /** The first conflict; undefined: all names are accepted. */
  conflict: { reason: string; message: string } | undefined;
}

/**
 * Accepts each name that no other definition of the group has been given; in place of one that is taken, the definition keeps
 * what it had. Pure.
 */
export function judgeNames(asked: Names, had: Names | undefined, others: readonly Names[]): NamesVerdict {
  const taken = new Set(others.flatMap(resourceNames));
  const takenKinds = new Set(others.flatMap(({ kind, listKind }) => [kind, listKind ?? '']).filter(Boolean));
  const accepted: Names = { ...(had ?? { plural: '', kind: '' }) };
  let conflict: NamesVerdict['conflict'];
  const refuse = (reason: string, message: string): void => {
    conflict ??= { reason, message };
  };
  const accept = (field: 'plural' | 'singular' | 'kind' | 'listKind', among: ReadonlySet<string>): void => {
    const name = asked[field] ?? '';
    if (name !== '' && among.has(name)) {
      const reason = `${field[0]!.toUpperCase()}${field.slice(1)}Conflict`;
      refuse(reason, `${JSON.stringify(name)} is already in use`);
    } else if (name !== '') accepted[field] = name;
  };
  accept('plural', taken);
  accept('singular', taken);
  const shortTaken = (asked.shortNames ?? []).filter((name) => taken.has(name));
  if (shortTaken.length > 0) {
    const list = shortTaken.map((name) => `${JSON.stringify(name)} is already in use`);
    refuse('ShortNamesConflict', list.length === 1 ? list[0]! : `[${list.join(', ')}]`);
  } else setOrDrop(accepted, 'shortNames', asked.shortNames);
  accept('kind', takenKinds);
  accept('listKind', takenKinds);
  setOrDrop(accepted, 'categories', asked.categories);
  return { accepted, conflict };
}

function setOrDrop(names: Names, field: 'shortNames' | 'categories', value: string[] | undefined): void {
  if (value === undefined) delete names[field];
  else names[field] = value;
}

function resourceNames({ plural, singular = '', shortNames = [] }: Names): string[] {
  return [plural, singular, ...shortNames].filter((name) => name !== '');
}
