/**
 * Reads the generated description (`data/`, one file per group version) on first use, and of it only the
 * types that are asked for.
 *
 * A type is one line: `#` when it is a kind, `@` when server-side apply takes it as one value, then its fields, set
 * apart by `;`. A field is words: name, protobuf number (0: none), type, flags (`!` required, `o` omitempty, `z`
 * omitzero, `i` inlined), then `p:` patchStrategy, `k:` patchMergeKey, `l:` listType and its keys, `m:` mapType,
 * `s:` structType, `d:` default in JSON. A type is `*` pointer, `[]` list of (`[1]` when a message of its own), `{}` map of, a ScalarKind, or the name of an enum
 * or struct (`v1:PodSpec` when of another group version). An enum is its values, after `!` when there are no others.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  EnumType,
  FieldDescription,
  InlinedDescription,
  ObjectType,
  ScalarKind,
  ScalarType,
  TypeDescription,
  ValueType,
} from './types.ts';

/** Where the types that all groups share are described. */
export const metaGroupVersion = 'meta/v1';

/** The type of a kind, or undefined when there is none. Options, Status and List are in every group version. */
export function typeOf(apiVersion: string, kind: string): TypeDescription | undefined {
  const type = structOf(apiVersion, kind) ?? structOf(metaGroupVersion, kind);
  return type?.isKind ? type : undefined;
}

/** The type of any struct by its group version and name, or undefined when there is none. */
export function structOf(groupVersion: string, name: string): TypeDescription | undefined {
  return groupOf(groupVersion)?.struct(name);
}

/** The structs of a group version, in order of name. */
export function structsOf(groupVersion: string): readonly TypeDescription[] {
  const group = groupOf(groupVersion);
  return group ? group.names().map((name) => group.struct(name)!) : [];
}

const groups = new Map<string, Group | undefined>();

function groupOf(groupVersion: string): Group | undefined {
  const known = groups.get(groupVersion);
  if (known !== undefined) return known;
  // The name comes from clients: it must not lead out of the folder, nor fill the cache with what does not exist.
  if (!/^[a-z0-9.]+(\/v[a-z0-9]+)?$/.test(groupVersion)) return undefined;
  let text: string;
  try {
    text = readFileSync(join(import.meta.dirname, 'data', `${groupVersion.replace('/', '_')}.json`), 'utf8');
  } catch {
    return undefined;
  }
  const group = new Group(groupVersion, JSON.parse(text) as GroupFile);
  groups.set(groupVersion, group);
  return group;
}

interface GroupFile {
  enums: Record<string, string>;
  types: Record<string, string>;
}

class Group {
  readonly groupVersion: string;
  readonly #file: GroupFile;
  readonly #structs = new Map<string, Struct>();
  readonly #types = new Map<string, ValueType>();

  constructor(groupVersion: string, file: GroupFile) {
    this.groupVersion = groupVersion;
    this.#file = file;
  }

  names(): string[] {
    return Object.keys(this.#file.types).sort();
  }

  struct(name: string): Struct | undefined {
    let struct = this.#structs.get(name);
    if (struct === undefined && Object.hasOwn(this.#file.types, name)) {
      struct = new Struct(this, name, this.#file.types[name]!);
      this.#structs.set(name, struct);
    }
    return struct;
  }

  /** The value type that `text` stands for, without pointers; the same text gives the same instance. */
  valueType(text: string): ValueType {
    let type = this.#types.get(text);
    if (type === undefined) {
      type = this.#makeValueType(text);
      this.#types.set(text, type);
    }
    return type;
  }

  #makeValueType(text: string): ValueType {
    if (text.startsWith('*')) return this.valueType(text.slice(1));
    if (text.startsWith('[]')) return { kind: 'list', items: this.valueType(text.slice(2)), wrapped: false };
    if (text.startsWith('[1]')) return { kind: 'list', items: this.valueType(text.slice(3)), wrapped: true };
    if (text.startsWith('{}')) return { kind: 'map', values: this.valueType(text.slice(2)) };
    const scalar = scalars.get(text);
    if (scalar !== undefined) return scalar;
    const colon = text.indexOf(':');
    if (colon >= 0) return groupOf(text.slice(0, colon))!.valueType(text.slice(colon + 1));
    const values = this.#file.enums[text];
    if (values !== undefined) return enumType(text, values);
    return new LazyObjectType(this, text);
  }
}

const scalars: ReadonlyMap<string, ScalarType> = new Map(
  (
    [
      'string',
      'bool',
      'int32',
      'int64',
      'float64',
      'bytes',
      'time',
      'microTime',
      'quantity',
      'intOrString',
      'raw',
      'fields',
      'any',
      'schemaOrBool',
      'schemaOrArray',
      'schemaOrStrings',
    ] satisfies ScalarKind[]
  ).map((kind) => [kind, { kind }]),
);

function enumType(name: string, text: string): EnumType {
  const closed = text.startsWith('!');
  return { kind: 'enum', name, values: (closed ? text.slice(1) : text).split(','), closed };
}

class LazyObjectType implements ObjectType {
  readonly kind = 'object';
  readonly #group: Group;
  readonly #name: string;
  #type: TypeDescription | undefined;

  constructor(group: Group, name: string) {
    this.#group = group;
    this.#name = name;
  }

  get type(): TypeDescription {
    this.#type ??= this.#group.struct(this.#name)!;
    return this.#type;
  }
}

class Struct implements TypeDescription {
  readonly name: string;
  readonly groupVersion: string;
  readonly isKind: boolean;
  readonly isAtomic: boolean;
  readonly #group: Group;
  readonly #text: string;
  #fields: Map<string, FieldDescription> | undefined;
  #inlined: InlinedDescription[] = [];

  constructor(group: Group, name: string, text: string) {
    const [, marks, fields] = /^([#@]*)(.*)$/.exec(text)!;
    this.name = name;
    this.groupVersion = group.groupVersion;
    this.isKind = marks!.includes('#');
    this.isAtomic = marks!.includes('@');
    this.#group = group;
    this.#text = fields!;
  }

  get fields(): ReadonlyMap<string, FieldDescription> {
    return this.#read();
  }

  get inlined(): readonly InlinedDescription[] {
    this.#read();
    return this.#inlined;
  }

  #read(): Map<string, FieldDescription> {
    if (this.#fields !== undefined) return this.#fields;
    const fields = new Map<string, FieldDescription>();
    if (this.isKind) for (const field of typeMetaFields) fields.set(field.jsonName, field);
    for (const text of this.#text === '' ? [] : this.#text.split(';')) {
      const words = text.split(' ');
      if (flagsOf(words).includes('i')) this.#inline(words, fields);
      else fields.set(words[0]!, fieldOf(words, this.#group));
    }
    this.#fields = fields;
    return fields;
  }

  #inline(words: string[], fields: Map<string, FieldDescription>): void {
    const { type } = this.#group.valueType(words[2]!) as ObjectType;
    this.#inlined.push({ number: Number(words[1]), type });
    for (const [name, field] of type.fields) fields.set(name, { ...field, fromInlined: true });
  }
}

const none: readonly string[] = Object.freeze([]);

function flagsOf(words: readonly string[]): string {
  return words[3] !== undefined && !words[3].includes(':') ? words[3] : '';
}

function fieldOf(words: string[], group: Group): FieldDescription {
  const [name, number, type] = words as [string, string, string];
  const flags = flagsOf(words);
  const options = new Map<string, string>();
  for (const word of words.slice(3)) if (word[1] === ':') options.set(word[0]!, word.slice(2));
  const [listType, ...listMapKeys] = options.get('l')?.split(',') ?? [];
  const defaultText = options.get('d');
  return {
    jsonName: name,
    type: group.valueType(type),
    required: flags.includes('!'),
    omitEmpty: flags.includes('o'),
    omitZero: flags.includes('z'),
    pointer: type.startsWith('*'),
    number: Number(number),
    fromInlined: false,
    patchStrategy: options.get('p')?.split(',') ?? none,
    patchMergeKey: options.get('k'),
    listType: listType as FieldDescription['listType'],
    listMapKeys: listMapKeys.length > 0 ? listMapKeys : none,
    mapType: options.get('m') as FieldDescription['mapType'],
    structType: options.get('s') as FieldDescription['structType'],
    default: defaultText === undefined ? undefined : JSON.parse(defaultText),
  };
}

/** apiVersion and kind: in JSON of every kind, in no message of protobuf. */
const typeMetaFields: readonly FieldDescription[] = ['kind', 'apiVersion'].map((jsonName) => ({
  jsonName,
  type: { kind: 'string' },
  required: false,
  omitEmpty: true,
  omitZero: false,
  pointer: false,
  number: 0,
  fromInlined: false,
  patchStrategy: none,
  patchMergeKey: undefined,
  listType: undefined,
  listMapKeys: none,
  mapType: undefined,
  structType: undefined,
  default: undefined,
}));
