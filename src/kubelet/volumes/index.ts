export { containerMounts, PodVolumes, type VolumeOwner } from './pod-volumes.ts';
