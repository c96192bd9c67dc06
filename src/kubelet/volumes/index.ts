export { containerMounts, PodVolumes, type VolumeOwner } from './pod-volumes.ts';
export { tokenInstead } from './token-instead.ts';
