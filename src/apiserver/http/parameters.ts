import { booleanParameter, errors, FENCE_HEADER, parseFence } from '../../api/index.ts';
import type { Exchange } from '../exchange.ts';
import type { DeleteParameters, ListParameters, WriteParameters } from '../registry/types.ts';
import { readBody } from './body.ts';
import { decodeObject } from './decode.ts';
import { checkDeleteOptions, checkWriteOptions, type WriteOptionsKind } from './options.ts';

export function listParameters(query: URLSearchParams): ListParameters {
  const limit = integer(query, 'limit');
  const sendInitialEvents = booleanParameter(query, 'sendInitialEvents');
  return {
    ...text(query, 'labelSelector'),
    ...text(query, 'fieldSelector'),
    ...text(query, 'continue'),
    ...text(query, 'resourceVersion'),
    ...text(query, 'resourceVersionMatch'),
    ...(limit === undefined ? {} : { limit }),
    ...(sendInitialEvents === undefined ? {} : { sendInitialEvents }),
  };
}

/** 422 for values that Kubernetes doesn't know. */
export function writeParameters(exchange: Exchange, kind: WriteOptionsKind): WriteParameters {
  const { query, request } = exchange;
  checkWriteOptions(query, kind);
  const fence = parseFence(request.headers[FENCE_HEADER]?.toString());
  return {
    ...dryRunOf(query.getAll('dryRun')),
    fieldManager: query.get('fieldManager') || managerOf(request.headers['user-agent']),
    fieldValidation: fieldValidationOf(query),
    ...(fence === undefined ? {} : { fence }),
  };
}

const deleteOptions = { apiVersion: 'v1', kind: 'DeleteOptions' };

/** Reads DeleteOptions from the body and, where it has none, from the query. */
export async function deleteParameters(exchange: Exchange): Promise<DeleteParameters> {
  const { query, request } = exchange;
  const body = await readBody(request);
  const options: Record<string, unknown> = body.length === 0 ? {} : decodeObject(exchange, body, deleteOptions);
  const grace = (options['gracePeriodSeconds'] as number | undefined) ?? integer(query, 'gracePeriodSeconds');
  const propagation =
    (options['propagationPolicy'] as string | undefined) ?? query.get('propagationPolicy') ?? undefined;
  const orphan = (options['orphanDependents'] as boolean | undefined) ?? booleanParameter(query, 'orphanDependents');
  const fence = parseFence(request.headers[FENCE_HEADER]?.toString());
  if (grace !== undefined && !Number.isSafeInteger(grace))
    throw errors.badRequest('gracePeriodSeconds must be an integer');
  const dryRun = (options['dryRun'] as string[] | undefined) ?? query.getAll('dryRun');
  checkDeleteOptions({ propagation, orphan, dryRun });
  return {
    ...dryRunOf(dryRun),
    ...(grace === undefined ? {} : { gracePeriodSeconds: grace }),
    ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
    ...(orphan === undefined ? {} : { orphanDependents: orphan }),
    ...(options['preconditions'] === undefined
      ? {}
      : { preconditions: options['preconditions'] as { uid?: string; resourceVersion?: string } }),
    ...(fence === undefined ? {} : { fence }),
  };
}

function text<K extends string>(query: URLSearchParams, name: K): { [key in K]?: string } {
  const value = query.get(name);
  return value === null || value === '' ? {} : ({ [name]: value } as { [key in K]: string });
}

export function integer(query: URLSearchParams, name: string): number | undefined {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (!/^-?\d{1,15}$/.test(value))
    throw errors.badRequest(`strconv.ParseInt: parsing ${JSON.stringify(value)}: invalid syntax`);
  return Number(value);
}

function dryRunOf(values: readonly string[]): { dryRun?: boolean } {
  return values.includes('All') ? { dryRun: true } : {};
}

export function fieldValidationOf(query: URLSearchParams): 'Strict' | 'Warn' | 'Ignore' {
  const value = query.get('fieldValidation');
  return value === 'Strict' || value === 'Ignore' ? value : 'Warn';
}

/** Kubernetes takes the user agent up to the first slash for the manager's name. */
function managerOf(userAgent: string | undefined): string {
  const name = (userAgent ?? 'unknown').split('/')[0] as string;
  return name.slice(0, 128);
}
