/**
 * What types and fields are, in words: `descriptions/*.txt`, read when a document is first made. In these files a line names
 * types, and says what they are; lines below it that are set in say what their fields are:
 *
 *     Deployment, ReplicaSet: Keeps pods running.
 *       spec: What pods there should be.
 *
 * `*` is every type, where nothing nearer is said of a field, `Condition` each one whose name ends so, and `GROUP/Name` one
 * that has its name in common with others.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TypeDescription } from '../description/index.ts';

type Name = Pick<TypeDescription, 'name' | 'groupVersion'>;

interface Entry {
  text?: string;
  fields: Map<string, string>;
}

let entries: ReadonlyMap<string, Entry> | undefined;

/** What a type is, or undefined if nothing is said of it. */
export function describeType(type: Name): string | undefined {
  const list = /^(\w+)List$/.exec(type.name);
  return nearest(type, ({ text }) => text) ?? (list === null ? undefined : `A list of objects of kind ${list[1]}.`);
}

/** What a field of a type is, or undefined if nothing is said of it. */
export function describeField(type: Name, field: string): string | undefined {
  return nearest(type, ({ fields }) => fields.get(field)) ?? entryOf('*')?.fields.get(field);
}

function nearest({ name, groupVersion }: Name, look: (entry: Entry) => string | undefined): string | undefined {
  const group = groupVersion.replace(/\/.*/, '');
  for (const key of [`${group}/${name}`, name, ...(name.endsWith('Condition') ? ['Condition'] : [])]) {
    const entry = entryOf(key);
    const found = entry && look(entry);
    if (found !== undefined) return found;
  }
  return undefined;
}

function entryOf(key: string): Entry | undefined {
  entries ??= readEntries(join(import.meta.dirname, 'descriptions'));
  return entries.get(key);
}

function readEntries(folder: string): Map<string, Entry> {
  const found = new Map<string, Entry>();
  for (const file of readdirSync(folder)) {
    let current: Entry[] = [];
    for (const line of readFileSync(join(folder, file), 'utf8').split('\n')) {
      const [, indent, head, text] = /^( *)([^#:][^:]*):(?: (.*))?$/.exec(line) ?? [];
      if (head === undefined) continue;
      if (indent !== '') for (const entry of current) entry.fields.set(head, text!);
      else {
        current = head.split(', ').map((name) => {
          const entry: Entry = found.get(name) ?? { fields: new Map() };
          found.set(name, entry);
          if (text !== undefined) entry.text = text;
          return entry;
        });
      }
    }
  }
  return found;
}
