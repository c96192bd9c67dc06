/** OpenAPI of what has options in its query instead of an object in its body: logs, streams and proxies. */
import { structOf } from '../description/index.ts';
import { apiVersionOf, type SubresourceType } from '../resource.ts';
import { describeField } from './descriptions.ts';
import type { OperationNames } from './operation-names.ts';
import type { Schema } from './schemas.ts';

const LOG = 'log';
const methods = { create: 'post', delete: 'delete', get: 'get', patch: 'patch', update: 'put' } as const;
const scalarTypes: Readonly<Record<string, string>> = { bool: 'boolean', int32: 'integer', int64: 'integer' };

/** Whether a subresource is one of these. */
export function isConnection({ name, kind }: SubresourceType): boolean {
  return name === LOG || kind.endsWith('Options');
}

/** Its requests. `parameters` are those of its path. */
export function connectionItem(
  subresource: SubresourceType,
  parameters: readonly Schema[],
  names: OperationNames,
): Record<string, unknown> {
  const { group, version, kind, verbs, name } = subresource;
  const isLog = name === LOG;
  const content = Object.fromEntries(
    (isLog ? ['text/plain'] : ['*/*']).map((type) => [type, { schema: { type: 'string' } }]),
  );
  const rest = {
    tags: [names.tag],
    responses: { '200': { description: 'OK', content }, '401': { description: 'Unauthorized' } },
    'x-kubernetes-action': isLog ? 'get' : 'connect',
    'x-kubernetes-group-version-kind': { group, kind, version },
  };
  const item: Record<string, unknown> = {};
  for (const verb of verbs) {
    const method = methods[verb as keyof typeof methods];
    item[method] = { operationId: isLog ? names.operation('get') : names.connection(method), ...rest };
  }
  const options = optionParameters(apiVersionOf({ group, version }), isLog ? 'PodLogOptions' : kind);
  const known = new Set(options.map((parameter) => parameter['name']));
  return { ...item, parameters: [...parameters.filter((parameter) => !known.has(parameter['name'])), ...options] };
}

function optionParameters(groupVersion: string, kind: string): Schema[] {
  const type = structOf(groupVersion, kind);
  const fields = [...(type?.fields.values() ?? [])].filter(
    ({ jsonName }) => !['apiVersion', 'kind'].includes(jsonName),
  );
  return fields.map(({ jsonName, type: value }) => {
    // A list is given by repeating its parameter.
    const scalar = value.kind === 'list' ? value.items.kind : value.kind;
    const description = describeField(type!, jsonName);
    return {
      name: jsonName,
      in: 'query',
      ...(description === undefined ? {} : { description }),
      schema: { type: scalarTypes[scalar] ?? 'string', uniqueItems: true },
    };
  });
}
