import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { TypeDescription } from '../description/index.ts';
import { apiVersionOf, type ResourceType } from '../resource.ts';
import { resourceTypes } from '../scheme.ts';
import { kubernetesVersion } from '../version.ts';
import { collectCustom } from './custom.ts';
import { describedReferences, pathsOf } from './paths.ts';
import { type Schema, SchemaCollector } from './schemas.ts';
import { kindsOf, type OpenApiDocument } from './v3.ts';

/** What there is of one group version or several. */
export interface OpenApiV2Part {
  swagger?: '2.0';
  info?: { title: string; version: string };
  paths: Record<string, PathItem>;
  definitions: Record<string, Schema>;
}

export type PathItem = Record<string, Operation> & { parameters?: readonly Schema[] };

export interface Operation {
  operationId: string;
  tags: readonly string[];
  consumes: readonly string[];
  produces: readonly string[];
  parameters?: readonly Schema[];
  responses: Record<string, { description: string; schema?: Schema }>;
  [extension: `x-${string}`]: unknown;
}

/** Kubernetes' own kinds, encoded, and the names of their schemas. */
interface OwnPart {
  chunks: readonly Buffer[];
  definitions: ReadonlySet<string>;
}

/** A way to write the document, in which parts can be put together once they are encoded. */
interface Form {
  /** Encodes Kubernetes' own kinds; the result is cut where parts of custom ones go in. */
  own(part: OpenApiV2Part): Promise<Buffer[]> | Buffer[];
  /** What goes in at each cut. */
  custom(part: OpenApiV2Part): Promise<Buffer[]> | Buffer[];
}

const jsonForm: Form = {
  own({ paths, definitions, ...head }) {
    const text = (value: object): string => JSON.stringify(value).slice(1, -1);
    const pieces = [`{${text(head)},"paths":{${text(paths)}`, `},"definitions":{${text(definitions)}`, '}}'];
    return pieces.map((piece) => Buffer.from(piece));
  },
  custom({ paths, definitions }) {
    return [paths, definitions].map((part) => Buffer.from(`,${JSON.stringify(part).slice(1, -1)}`));
  },
};

const protobufForm: Form = {
  own: async (part) => [await encode(part), Buffer.of()],
  custom: async (part) => [await encode(part)],
};

/** Brings a library along that few peers need. */
async function encode(part: OpenApiV2Part): Promise<Buffer> {
  const { encodeOpenApiV2 } = await import('./v2-protobuf.ts');
  return encodeOpenApiV2(part);
}

/** Makes the document of what is served, and keeps the last one. */
class Documents {
  readonly #form: Form;
  #own: Promise<OwnPart> | undefined;
  #types: readonly ResourceType[] | undefined;
  #document: Promise<OpenApiDocument> | undefined;

  constructor(form: Form) {
    this.#form = form;
  }

  /** `served`: the same as long as nothing changes. */
  of(served: readonly ResourceType[]): Promise<OpenApiDocument> {
    if (this.#types !== served || this.#document === undefined) {
      this.#types = served;
      this.#document = this.#make(served.filter(({ custom }) => custom !== undefined));
    }
    return this.#document;
  }

  async #make(custom: readonly ResourceType[]): Promise<OpenApiDocument> {
    this.#own ??= this.#makeOwn();
    const { chunks, definitions } = await this.#own;
    if (custom.length === 0) return documentOf(Buffer.concat(chunks));
    const part = await makePart(custom);
    // What all kinds refer to is there already.
    const added = Object.entries(part.definitions).filter(([name]) => !definitions.has(name));
    const inserted = await this.#form.custom({ ...part, definitions: Object.fromEntries(added) });
    return documentOf(Buffer.concat(chunks.flatMap((chunk, index) => [chunk, inserted[index] ?? Buffer.of()])));
  }

  async #makeOwn(): Promise<OwnPart> {
    const part = await makePart(resourceTypes());
    const info = { title: 'Kubernetes', version: kubernetesVersion };
    const chunks = await this.#form.own({ swagger: '2.0', info, ...part });
    return { chunks, definitions: new Set(Object.keys(part.definitions)) };
  }
}

const json = new Documents(jsonForm);
const protobuf = new Documents(protobufForm);

/**
 * The one document of OpenAPI v2 about all that is served, for older clients, as JSON: about 1 MB. The first call takes some
 * 100 ms, in which others run in between; later ones only make what custom kinds add when these have changed.
 */
export function openApiV2(served: readonly ResourceType[] = resourceTypes()): Promise<OpenApiDocument> {
  return json.of(served);
}

/** The same as github.com/google/gnostic encodes it: what kubectl asked for before there was v3. */
export function openApiV2Protobuf(served: readonly ResourceType[] = resourceTypes()): Promise<OpenApiDocument> {
  return protobuf.of(served);
}

function documentOf(bytes: Buffer): OpenApiDocument {
  return { bytes, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() };
}

/** Lets others run in between. */
async function makePart(types: readonly ResourceType[]): Promise<OpenApiV2Part> {
  const byGroupVersion = Map.groupBy(types, apiVersionOf);
  const served = [...byGroupVersion.values()].map((each) => each[0]!);
  const collector = new SchemaCollector('v2', (type) => kindsOf(type, served));
  const reference = (type: TypeDescription): Schema => collector.reference(type);
  const paths: Record<string, PathItem> = {};
  for (const each of byGroupVersion.values()) {
    const items = pathsOf(each, reference, (type) =>
      type.custom === undefined ? describedReferences(type, reference) : collectCustom(type, collector),
    );
    for (const [path, item] of Object.entries(items)) {
      paths[path] = pathItem(item as V3PathItem);
    }
    await setImmediate();
  }
  return { paths, definitions: collector.schemas };
}

/** What `pathsOf` makes, as far as it is looked into here. */
interface V3Operation {
  operationId: string;
  tags: readonly string[];
  parameters?: readonly V3Parameter[];
  requestBody?: { content: Content };
  responses: Record<string, { description: string; content?: Content }>;
  [extension: `x-${string}`]: unknown;
}
type V3PathItem = Record<string, V3Operation> & { parameters?: readonly V3Parameter[] };
type V3Parameter = Schema & { schema: Schema };
type Content = Record<string, { schema: Schema }>;

function pathItem({ parameters, ...operations }: V3PathItem): PathItem {
  const item = Object.fromEntries(Object.entries(operations).map(([name, value]) => [name, operation(value)]));
  return (parameters === undefined ? item : { ...item, parameters: parameters.map(plainParameter) }) as PathItem;
}

function operation({ parameters = [], requestBody, responses, ...extensions }: V3Operation): Operation {
  const answers = Object.entries(responses).map(([code, { description, content = {} }]) => {
    const [first] = Object.values(content);
    return [code, { description, ...(first === undefined ? {} : { schema: first.schema }) }];
  });
  const all = parameters.map(plainParameter);
  if (requestBody !== undefined) {
    const schema = Object.values(requestBody.content)[0]?.schema ?? {};
    all.unshift({ name: 'body', in: 'body', required: true, schema });
  }
  return {
    consumes: Object.keys(requestBody?.content ?? { '*/*': {} }),
    produces: Object.keys(responses['200']!.content!),
    ...(all.length === 0 ? {} : { parameters: all }),
    responses: Object.fromEntries(answers),
    ...extensions,
  };
}

/** A parameter's type stands beside its name. */
function plainParameter({ schema, ...parameter }: V3Parameter): Schema {
  return { ...parameter, ...schema };
}
