import { createHash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import type { TypeDescription } from '../description/index.ts';
import { apiVersionOf } from '../resource.ts';
import { resourceTypes } from '../scheme.ts';
import { kubernetesVersion } from '../version.ts';
import { describedReferences, pathsOf } from './paths.ts';
import { type Schema, SchemaCollector } from './schemas.ts';
import { kindsOf, type OpenApiDocument } from './v3.ts';

/** The one document of OpenAPI v2 about everything, for older clients. As JSON it takes about 1 MB, and some 100 ms to make. */
export interface OpenApiV2 {
  swagger: '2.0';
  info: { title: string; version: string };
  paths: Record<string, PathItem>;
  definitions: Record<string, Schema>;
}

export type PathItem = Record<string, Operation> & { parameters?: readonly Schema[] };

export interface Operation {
  consumes: readonly string[];
  produces: readonly string[];
  parameters?: readonly Schema[];
  responses: Record<string, { description: string; schema: Schema }>;
  [extension: `x-${string}`]: unknown;
}

let json: Promise<OpenApiDocument> | undefined;
let protobuf: Promise<OpenApiDocument> | undefined;

/** The document as JSON. Made on first use. */
export function openApiV2(): Promise<OpenApiDocument> {
  json ??= makeDocument().then((document) => documentOf(Buffer.from(JSON.stringify(document))));
  return json;
}

/** The same as github.com/google/gnostic encodes it: what kubectl asked for before there was v3. */
export function openApiV2Protobuf(): Promise<OpenApiDocument> {
  protobuf ??= (async () => {
    // Brings a library along that few peers need.
    const { encodeOpenApiV2 } = await import('./v2-protobuf.ts');
    return documentOf(encodeOpenApiV2(await makeDocument()));
  })();
  return protobuf;
}

function documentOf(bytes: Buffer): OpenApiDocument {
  return { bytes, hash: createHash('sha512').update(bytes).digest('hex').toUpperCase() };
}

/** Lets others run in between. */
async function makeDocument(): Promise<OpenApiV2> {
  const byGroupVersion = Map.groupBy(resourceTypes(), apiVersionOf);
  const served = [...byGroupVersion.values()].map((types) => types[0]!);
  const collector = new SchemaCollector('v2', (type) => kindsOf(type, served));
  const reference = (type: TypeDescription): Schema => collector.reference(type);
  const paths: Record<string, PathItem> = {};
  for (const types of byGroupVersion.values()) {
    const items = pathsOf(types, reference, (type) => describedReferences(type, reference));
    for (const [path, item] of Object.entries(items)) {
      paths[path] = pathItem(item as V3PathItem);
    }
    await setImmediate();
  }
  return {
    swagger: '2.0',
    info: { title: 'Kubernetes', version: kubernetesVersion },
    paths,
    definitions: collector.schemas,
  };
}

/** What `pathsOf` makes, as far as it is looked into here. */
interface V3Operation {
  parameters?: readonly V3Parameter[];
  requestBody?: { content: Content };
  responses: { '200': { description: string; content: Content } };
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
  const { description, content } = responses['200'];
  const all = parameters.map(plainParameter);
  if (requestBody !== undefined) {
    const schema = Object.values(requestBody.content)[0]?.schema ?? {};
    all.unshift({ name: 'body', in: 'body', required: true, schema });
  }
  return {
    consumes: Object.keys(requestBody?.content ?? { '*/*': {} }),
    produces: Object.keys(content),
    ...(all.length === 0 ? {} : { parameters: all }),
    responses: { '200': { description, schema: Object.values(content)[0]!.schema } },
    ...extensions,
  };
}

/** A parameter's type stands beside its name. */
function plainParameter({ schema, ...parameter }: V3Parameter): Schema {
  return { ...parameter, ...schema };
}
