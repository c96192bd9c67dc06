import type { ResourceType } from '../../../api/index.ts';
import { type Schema, schemaType, type Type } from '../../../cel/index.ts';
import type { AdmissionAttributes } from '../types.ts';
import type { View } from './target.ts';

/**
 * The request as webhooks get it (admission.k8s.io/v1 AdmissionRequest, without uid and objects) and as expressions see it
 * in the variable `request`.
 */
export function requestOf(attributes: AdmissionAttributes, view: View): Record<string, unknown> {
  const { subresource, name, namespace, operation, user, dryRun, options } = attributes;
  const isNamespace = attributes.type.group === '' && attributes.type.resource === 'namespaces';
  const where = isNamespace ? name : namespace;
  return {
    kind: view.kind,
    resource: resourceOf(view.type),
    ...(subresource === undefined ? {} : { subResource: subresource }),
    requestKind: view.requestKind,
    requestResource: resourceOf(view.requestType),
    ...(subresource === undefined ? {} : { requestSubResource: subresource }),
    ...(name === '' ? {} : { name }),
    ...(where === undefined || where === '' ? {} : { namespace: where }),
    operation,
    userInfo: {
      username: user.name,
      ...(user.uid === undefined ? {} : { uid: user.uid }),
      groups: [...user.groups],
      ...(user.extra === undefined ? {} : { extra: user.extra }),
    },
    dryRun,
    options,
  };
}

function resourceOf({ group, version, resource }: ResourceType): object {
  return { group, version, resource };
}

const text: Schema = { type: 'string' };
const record = (properties: Record<string, Schema>): Schema => ({ type: 'object', properties });
const texts: Schema = { type: 'array', items: text };
const kind = record({ group: text, version: text, kind: text });
const resource = record({ group: text, version: text, resource: text });

/** The type of the variable `request`. */
export const requestType: Type = schemaType(
  record({
    kind,
    resource,
    subResource: text,
    requestKind: kind,
    requestResource: resource,
    requestSubResource: text,
    name: text,
    namespace: text,
    operation: text,
    userInfo: record({
      username: text,
      uid: text,
      groups: texts,
      extra: { type: 'object', additionalProperties: texts },
    }),
    dryRun: { type: 'boolean' },
    options: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
  }),
  'kubernetes.AdmissionRequest',
);

const labels: Schema = { type: 'object', additionalProperties: text };

/** The type of the variable `namespaceObject`, which is null for what has no namespace. */
export const namespaceType: Type = schemaType(
  record({
    metadata: record({
      name: text,
      generateName: text,
      namespace: text,
      labels,
      annotations: labels,
      UID: text,
      creationTimestamp: { type: 'string', format: 'date-time' },
      deletionGracePeriodSeconds: { type: 'integer' },
      deletionTimestamp: { type: 'string', format: 'date-time' },
      generation: { type: 'integer' },
      resourceVersion: text,
      finalizers: texts,
    }),
    spec: record({ finalizers: texts }),
    status: record({ phase: text }),
  }),
  'kubernetes.Namespace',
);
