export { applyConfiguration, type Change, sameButForTimes, trackUpdate } from './apply/field-manager.ts';
export { refuseUndeclared } from './apply/undeclared.ts';
export * from './apply-patch.ts';
export { applyJsonPatch } from './json-patch.ts';
export { applyMergePatch } from './merge-patch.ts';
export { applyStrategicMergePatch } from './strategic-merge-patch.ts';
