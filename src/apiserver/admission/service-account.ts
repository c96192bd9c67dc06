import { errors, type UnstructuredObject } from '../../api/index.ts';
import type { StateReader } from '../registry/types.ts';
import { newPodSpec } from './pod-spec.ts';
import type { AdmissionPlugin } from './types.ts';

const serviceAccounts = { group: '', resource: 'serviceaccounts' };
const MIRROR_ANNOTATION = 'kubernetes.io/config.mirror';

interface PodSpec {
  serviceAccountName?: string;
  serviceAccount?: string;
}

/** Every pod runs as a service account, which must be there. */
export function serviceAccount(state: StateReader): AdmissionPlugin {
  return {
    name: 'ServiceAccount',
    async admit(attributes) {
      const { type, namespace, name, object } = attributes;
      const spec = newPodSpec<PodSpec>(attributes);
      if (spec === undefined || isMirror(object!)) return;
      spec.serviceAccountName ||= spec.serviceAccount || 'default';
      spec.serviceAccount = spec.serviceAccountName;
      const account = spec.serviceAccountName;
      if (state.lookup(serviceAccounts, namespace, account) !== undefined) return;
      await state.fresh();
      if (state.lookup(serviceAccounts, namespace, account) !== undefined) return;
      throw errors.forbidden(
        type,
        name,
        `error looking up service account ${namespace}/${account}: serviceaccount "${account}" not found`,
      );
    },
  };
}

/** The API's picture of a pod that a node runs on its own. */
function isMirror({ metadata }: UnstructuredObject): boolean {
  return metadata.annotations !== undefined && MIRROR_ANNOTATION in metadata.annotations;
}
