import { compareQuantities, errors, parseQuantity, type storagev1, type v1 } from '../../api/index.ts';
import type { StateReader } from '../registry/types.ts';
import type { AdmissionPlugin } from './types.ts';

const storageClasses = { group: 'storage.k8s.io', resource: 'storageclasses' };

/** Lets claims grow only where their class says that volumes can. */
export function persistentVolumeClaimResize(state: StateReader): AdmissionPlugin {
  return {
    name: 'PersistentVolumeClaimResize',
    validate({ operation, type, subresource, name, object, old }) {
      if (operation !== 'UPDATE' || type.group !== '' || type.resource !== 'persistentvolumeclaims') return;
      if (subresource !== undefined) return;
      const [claim, before] = [object, old] as unknown as v1.PersistentVolumeClaim[];
      const sizeOf = (of: v1.PersistentVolumeClaim | undefined): string =>
        of?.spec?.resources?.requests?.['storage'] ?? '0';
      if (compareQuantities(parseQuantity(sizeOf(claim)), parseQuantity(sizeOf(before))) <= 0) return;
      if (before?.status?.phase !== 'Bound') {
        throw errors.forbidden(type, name, 'Only bound persistent volume claims can be expanded');
      }
      const className = claim?.spec?.storageClassName ?? '';
      const found = state.lookup(storageClasses, undefined, className)?.object as storagev1.StorageClass | undefined;
      if (className === before.spec?.storageClassName && found?.allowVolumeExpansion) return;
      throw errors.forbidden(
        type,
        name,
        'only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize',
      );
    },
  };
}
