/** An OpenAPI v2 document as a message of github.com/google/gnostic: maps are lists of pairs, extensions are YAML. */
import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import type { Schema } from './schemas.ts';
import type { OpenApiV2Part, Operation, PathItem } from './v2.ts';

type Message = Record<string, unknown>;

let documentType: protobuf.Type | undefined;

function readDocumentType(): protobuf.Type {
  const { root } = protobuf.parse(readFileSync(new URL('./openapi-v2.proto', import.meta.url), 'utf8'));
  return root.lookupType('openapi.v2.Document');
}

/**
 * The bytes of a document, or of a part of one: what is encoded of several parts, one behind the other, is the document that
 * has them all. The first call loads the format's definition, which takes some milliseconds.
 */
export function encodeOpenApiV2({ paths, definitions, ...head }: OpenApiV2Part): Buffer {
  documentType ??= readDocumentType();
  const document = {
    ...head,
    paths: { path: pairs(paths, pathItem) },
    definitions: { additionalProperties: pairs(definitions, schemaMessage) },
  };
  return documentType.encode(document).finish() as Buffer;
}

function pathItem({ parameters = [], ...operations }: PathItem): Message {
  const item = Object.entries(operations).map(([name, value]) => [name, operation(value as Operation)]);
  return { ...Object.fromEntries(item), parameters: parameters.map(parameter) };
}

function operation({ operationId, tags, consumes, produces, parameters = [], responses, ...rest }: Operation): Message {
  return {
    tags,
    operationId,
    consumes,
    produces,
    parameters: parameters.map(parameter),
    responses: {
      responseCode: pairs(responses, ({ description, schema }) => ({
        response: { description, ...(schema === undefined ? {} : { schema: { schema: schemaMessage(schema) } }) },
      })),
    },
    vendorExtension: pairs(rest, yaml),
  };
}

function parameter({ schema, ...rest }: Schema): Message {
  if (rest['in'] === 'body')
    return { parameter: { bodyParameter: { ...rest, schema: schemaMessage(schema as Schema) } } };
  const place = rest['in'] === 'path' ? 'pathParameterSubSchema' : 'queryParameterSubSchema';
  return { parameter: { nonBodyParameter: { [place]: rest } } };
}

function schemaMessage(schema: Schema): Message {
  const message: Message = {};
  const extensions: Message = {};
  for (const [name, value] of Object.entries(schema)) {
    if (name.startsWith('x-')) extensions[name] = value;
    else if (name === '$ref') message['ref'] = value;
    else if (name === 'type') message['type'] = { value: [value] };
    else if (name === 'items') message['items'] = { schema: [schemaMessage(value as Schema)] };
    else if (name === 'additionalProperties') {
      message[name] = typeof value === 'boolean' ? { boolean: value } : { schema: schemaMessage(value as Schema) };
    } else if (name === 'properties') {
      message[name] = { additionalProperties: pairs(value as Record<string, Schema>, schemaMessage) };
    } else if (name === 'default') message[name] = yaml(value);
    else if (name === 'enum') message[name] = (value as unknown[]).map(yaml);
    else message[name] = value;
  }
  message['vendorExtension'] = pairs(extensions, yaml);
  return message;
}

function pairs<T>(map: Record<string, T>, convert: (value: T) => Message): { name: string; value: Message }[] {
  return Object.entries(map).map(([name, value]) => ({ name, value: convert(value) }));
}

/** JSON is YAML. */
function yaml(value: unknown): Message {
  return { yaml: JSON.stringify(value) };
}
