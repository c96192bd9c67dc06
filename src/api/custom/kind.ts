import { type CheckedFields, type CheckOptions, checkFields } from '../decode/index.ts';
import { applyDefaults } from '../defaults/index.ts';
import type { TypeDescription } from '../description/index.ts';
import { type FieldError, fieldPath } from '../field-errors.ts';
import type { KubernetesObject, UnstructuredObject } from '../object.ts';
import { clonePlain, equalPlain, type PlainObject } from '../plain.ts';
import type { ResourceType } from '../resource.ts';
import type { CustomResourceDefinitionVersion } from '../types/apiextensions-v1.ts';
import { CustomPrinter } from './columns.ts';
import { fillDefaults } from './defaults.ts';
import { anyObject, describeSchema } from './describe.ts';
import { checkEmbedded, settleEmbedded } from './embedded.ts';
import { type JsonPath, parseJsonPath } from './json-path.ts';
import { checkLists } from './lists.ts';
import { prune } from './prune.ts';
import { type CustomSchema, emptySchema } from './schema.ts';
import { validateSchema } from './validate.ts';

export interface ScalePaths {
  specReplicas: JsonPath;
  statusReplicas: JsonPath;
  labelSelector: JsonPath | undefined;
}

/** Brings objects into another version, in order. Rejects with an ApiError if it can't. */
export type ConvertObjects = (
  objects: readonly UnstructuredObject[],
  apiVersion: string,
) => Promise<UnstructuredObject[]>;

export interface CustomKindOptions {
  group: string;
  kind: string;
  listKind: string;
  /** The CustomResourceDefinition's. */
  definition: string;
  version: CustomResourceDefinitionVersion;
  storageVersion: string;
  /** Undefined: versions differ by nothing but their names. */
  convert: ConvertObjects | undefined;
  terminating: boolean;
  /** All versions that are served, this one among them. */
  versions: readonly ResourceType[];
}

/** One version of a custom resource: what its definition says, ready to be used on objects. */
export class CustomKind {
  readonly apiVersion: string;
  readonly listKind: string;
  readonly definition: string;
  readonly storageVersion: string;
  /** Between versions; undefined: they differ by nothing but their names. */
  readonly convert: ConvertObjects | undefined;
  /** The definition is being deleted, and its objects with it: no new ones. */
  readonly terminating: boolean;
  readonly versions: readonly ResourceType[];
  readonly hasStatus: boolean;
  readonly scale: ScalePaths | undefined;
  /** What users of this version are told. */
  readonly deprecation: string | undefined;
  readonly selectableFields: readonly JsonPath[];
  readonly schema: CustomSchema;
  readonly #kind: string;
  readonly #version: CustomResourceDefinitionVersion;
  #printer: CustomPrinter | undefined;
  #description: TypeDescription | undefined;

  constructor({ group, kind, version, ...options }: CustomKindOptions) {
    this.apiVersion = `${group}/${version.name}`;
    this.#kind = kind;
    this.listKind = options.listKind;
    this.definition = options.definition;
    this.storageVersion = options.storageVersion;
    this.convert = options.convert;
    this.terminating = options.terminating;
    this.versions = options.versions;
    this.hasStatus = version.subresources?.status !== undefined;
    this.scale = scalePathsOf(version);
    this.selectableFields = (version.selectableFields ?? []).flatMap(({ jsonPath }) => parseJsonPath(jsonPath) ?? []);
    this.schema = version.schema?.openAPIV3Schema ?? emptySchema;
    this.#version = version;
    if (version.deprecated) {
      this.deprecation = version.deprecationWarning ?? `${this.apiVersion} ${kind} is deprecated`;
    }
  }

  get printer(): CustomPrinter {
    this.#printer ??= new CustomPrinter(this.#version.additionalPrinterColumns);
    return this.#printer;
  }

  get description(): TypeDescription {
    this.#description ??= describeSchema(this.schema, this.apiVersion, this.#kind);
    return this.#description;
  }

  /** Drops unknown fields and tells of them, as checkFields does for Kubernetes' own kinds. */
  check({ apiVersion, kind, metadata, ...rest }: KubernetesObject, options: CheckOptions): CheckedFields {
    const kept: PlainObject = clonePlain(rest);
    const unknown: string[] = [];
    const tell = (path: string): void => void unknown.push(path);
    prune(kept, this.schema, tell);
    settleEmbedded(kept, this.schema, '', tell);
    const head = { apiVersion, kind, metadata };
    const { object, warnings } = checkFields(head, { ...options, type: anyObject, unknown });
    return { object: { ...object, ...kept }, warnings };
  }

  /** Fills in what the schema says is there by default, in place. */
  applyDefaults(object: UnstructuredObject): void {
    applyDefaults(object, anyObject);
    fillDefaults(object, this.schema);
  }

  /** What is wrong with an object beside its metadata; with `old`, with what changed. */
  validate(object: KubernetesObject, old?: KubernetesObject): FieldError[] {
    const root = fieldPath();
    return [
      ...validateSchema(object, this.schema, root, old),
      ...checkEmbedded(object, this.schema, root),
      ...checkLists(object, this.schema, root, old),
      ...this.#checkScale(object),
    ];
  }

  /**
   * A stored object as this version shows it, even if the definition has changed since: without what the schema doesn't
   * know, with its defaults. The object itself, if nothing of it changes. Call it with what `convert` made, if there is that.
   */
  served(object: UnstructuredObject): UnstructuredObject {
    const draft = { ...clonePlain(object), apiVersion: this.apiVersion };
    prune(draft, this.schema);
    fillDefaults(draft, this.schema);
    return equalPlain(draft, object) ? object : draft;
  }

  /** An object of this version as it is stored. */
  async stored(object: UnstructuredObject): Promise<UnstructuredObject> {
    const apiVersion = this.apiVersion.replace(/[^/]+$/, this.storageVersion);
    if (object.apiVersion === apiVersion) return object;
    if (this.convert === undefined) return { ...object, apiVersion };
    return (await this.convert([object], apiVersion))[0]!;
  }

  #checkScale(object: KubernetesObject): FieldError[] {
    const [replicas] = this.scale?.specReplicas.find(object) ?? [];
    if (typeof replicas !== 'number' || replicas >= 0) return [];
    const path = fieldPath(...this.scale!.specReplicas.fields!);
    const detail = 'should be a non-negative integer';
    return [{ type: 'FieldValueInvalid', field: path.toString(), badValue: replicas, detail }];
  }
}

function scalePathsOf({ subresources }: CustomResourceDefinitionVersion): ScalePaths | undefined {
  if (subresources?.scale === undefined) return undefined;
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = subresources.scale;
  const specReplicas = parseJsonPath(specReplicasPath);
  const statusReplicas = parseJsonPath(statusReplicasPath);
  if (specReplicas?.fields === undefined || statusReplicas?.fields === undefined) return undefined;
  return {
    specReplicas,
    statusReplicas,
    labelSelector: labelSelectorPath ? parseJsonPath(labelSelectorPath) : undefined,
  };
}
