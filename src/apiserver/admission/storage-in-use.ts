import type { AdmissionPlugin } from './types.ts';

const finalizers: Readonly<Record<string, string>> = {
  persistentvolumeclaims: 'kubernetes.io/pvc-protection',
  persistentvolumes: 'kubernetes.io/pv-protection',
};

/** Holds volumes and claims until nobody uses them: controllers take the finalizers away. */
export function storageObjectInUseProtection(): AdmissionPlugin {
  return {
    name: 'StorageObjectInUseProtection',
    admit({ operation, type, subresource, object }) {
      if (operation !== 'CREATE' || type.group !== '' || subresource !== undefined) return;
      const finalizer = finalizers[type.resource];
      const { metadata } = object!;
      if (finalizer === undefined || metadata.finalizers?.includes(finalizer)) return;
      metadata.finalizers = [...(metadata.finalizers ?? []), finalizer];
    },
  };
}
