import { errors } from '../../api/index.ts';
import type { StateReader, StoredState } from '../registry/types.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

const namespaces = { group: '', resource: 'namespaces' };
const lasting = new Set(['default', 'kube-system', 'kube-public']);
/** Asking who one is, or whether one may, creates nothing. */
const reviews = new Set(['localsubjectaccessreviews']);

/**
 * Nothing is created in a namespace that isn't there or is on its way out, and some namespaces can't be deleted. The
 * namespace's state becomes part of the write's transaction, so that a creation can't slip in behind a deletion.
 */
export function namespaceLifecycle(state: StateReader): AdmissionPlugin {
  return {
    name: 'NamespaceLifecycle',
    async admit(attributes) {
      const { operation, type, namespace, name, subresource } = attributes;
      if (operation === 'DELETE' && type.group === '' && type.resource === 'namespaces' && lasting.has(name)) {
        throw errors.forbidden(type, name, 'this namespace may not be deleted');
      }
      if (operation !== 'CREATE' || namespace === undefined || subresource !== undefined || reviews.has(type.resource))
        return;
      let found = state.lookup(namespaces, undefined, namespace);
      if (found === undefined) {
        // It may have been created a moment ago, through another peer.
        await state.fresh();
        found = state.lookup(namespaces, undefined, namespace);
      }
      if (found === undefined) throw errors.notFound(namespaces, namespace);
      if (found.object.metadata.deletionTimestamp) throw terminating(attributes, namespace);
      attributes.guards.push(unchanged(found));
    },
  };
}

/** Holds while the namespace is as it was seen; if not, the write is tried again and looks anew. */
function unchanged({ key, revision }: StoredState): AdmissionAttributes['guards'][number] {
  return { compare: { key, target: 'modRevision', operator: '=', operand: revision }, refusal: () => undefined };
}

function terminating({ type, name }: AdmissionAttributes, namespace: string): Error {
  const text = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const error = errors.forbidden(type, name, text);
  const cause = {
    reason: 'NamespaceTerminating',
    message: `namespace ${namespace} is being terminated`,
    field: 'metadata.namespace',
  };
  error.status.details = { ...error.status.details, causes: [cause] };
  return error;
}
