/**
 * What an object of each kind is made of, generated from the facts about Kubernetes (see ../generate).
 * Decoding, validation, defaulting, patches, server-side apply and OpenAPI all walk this.
 */

/** One struct of Kubernetes' API: a kind, or a part of one. There is one instance per struct. */
export interface TypeDescription {
  /** `DeploymentSpec`. */
  readonly name: string;
  /** `v1`, `apps/v1`, …; `meta/v1` for what all groups share (ObjectMeta, LabelSelector, …). */
  readonly groupVersion: string;
  /** A top-level object: apiVersion and kind are fields of it. */
  readonly isKind: boolean;
  /** Server-side apply takes it as one value wherever it stands, unless the field says otherwise. */
  readonly isAtomic: boolean;
  /**
   * Every field of its JSON form by its JSON name, in Kubernetes' order. Those of inlined structs stand among them;
   * kind and apiVersion of a kind come first.
   */
  readonly fields: ReadonlyMap<string, FieldDescription>;
  /** What fields are that have no name here; undefined: there are none. Of custom resources only. */
  readonly unnamed?: ValueType | undefined;
  /** Inlined structs, which are messages of their own in protobuf. */
  readonly inlined: readonly InlinedDescription[];
}

export interface InlinedDescription {
  readonly number: number;
  readonly type: TypeDescription;
}

export interface FieldDescription {
  readonly jsonName: string;
  readonly type: ValueType;
  /** Must be given, by Kubernetes' declarations. (Validation of a kind may ask for more.) */
  readonly required: boolean;
  /** Its empty value is left out of JSON: a false, 0, '', empty list or map, or no pointer. Structs are never empty. */
  readonly omitEmpty: boolean;
  /** Its zero value is left out even though it is a struct or time. */
  readonly omitZero: boolean;
  /** Absence is told apart from the zero value: `replicas: 0` stays, `paused: false` goes. */
  readonly pointer: boolean;
  /** In protobuf; 0 when it has no protobuf form. */
  readonly number: number;
  /** True of the fields of inlined structs, whose number counts in the struct's own message. */
  readonly fromInlined: boolean;
  /** `merge`, `replace`, `retainKeys`: none or several. */
  readonly patchStrategy: readonly string[];
  readonly patchMergeKey: string | undefined;
  /** How server-side apply merges a list: undefined is as atomic. */
  readonly listType: 'atomic' | 'set' | 'map' | undefined;
  readonly listMapKeys: readonly string[];
  /** Of a map: undefined is as granular. */
  readonly mapType: 'atomic' | 'granular' | undefined;
  /** Of a struct: undefined is what the struct's type says (`isAtomic`). */
  readonly structType: 'atomic' | 'granular' | undefined;
  /** What is filled in when it is absent, where the declarations say so. Frozen. */
  readonly default: unknown;
}

/** What a value is. `kind` is the discriminant. */
export type ValueType = ScalarType | EnumType | ListType | MapType | ObjectType;

export interface ScalarType {
  readonly kind: ScalarKind;
}

/**
 * - `int32`, `int64`, `float64`: numbers
 * - `bytes`: base64 string
 * - `time` (RFC 3339, seconds), `microTime` (6 decimals), `quantity` ("500m"): strings
 * - `intOrString`: number or string
 * - `raw`, `fields`: any JSON object, of no description (RawExtension, FieldsV1)
 * - `any`: any JSON value, bytes of JSON in protobuf (apiextensions' JSON)
 * - `deduced`: any JSON value; server-side apply takes objects in it for maps. In custom resources only
 * - `schemaOrBool`, `schemaOrArray`, `schemaOrStrings`: the unions in apiextensions' schemas
 */
export type ScalarKind =
  | 'string'
  | 'bool'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'bytes'
  | 'time'
  | 'microTime'
  | 'quantity'
  | 'intOrString'
  | 'raw'
  | 'fields'
  | 'any'
  | 'schemaOrBool'
  | 'schemaOrArray'
  | 'schemaOrStrings'
  | 'deduced';

/** A string with known values. */
export interface EnumType {
  readonly kind: 'enum';
  /** `RestartPolicy`. */
  readonly name: string;
  readonly values: readonly string[];
  /** No other values are valid. */
  readonly closed: boolean;
}

export interface ListType {
  readonly kind: 'list';
  readonly items: ValueType;
  /** In protobuf the list is a message of its own, with the items in field 1. */
  readonly wrapped: boolean;
}

/** Keys are always strings. */
export interface MapType {
  readonly kind: 'map';
  readonly values: ValueType;
}

/** A struct. `type` is read on first use, so that unused parts of the API cost nothing. */
export interface ObjectType {
  readonly kind: 'object';
  readonly type: TypeDescription;
}
