import { volumeRules } from './persistent-volume.ts';
import { claimRules } from './persistent-volume-claim.ts';
import type { KindRules } from './rules.ts';
import { storageClassRules } from './storage-classes.ts';
import { volumeDriverRules } from './volume-drivers.ts';

export { checkClaim } from './persistent-volume-claim.ts';

/** Rules of volumes, claims, their classes and drivers, by kind and group. */
export const storageRules: Readonly<Record<string, KindRules>> = {
  PersistentVolumeClaim: claimRules,
  PersistentVolume: volumeRules,
  ...storageClassRules,
  ...volumeDriverRules,
};
