import type { FieldPath } from '../../field-errors.ts';
import { quote } from '../../text.ts';
import type { v1 } from '../../types/index.ts';
import { fractionWarnings } from './fraction-warnings.ts';

/** Types of volumes that are going or gone; by the path that Kubernetes gives. */
const oldTypes: readonly [type: keyof v1.Volume, path: string, text: string][] = [
  ['photonPersistentDisk', 'photonPersistentDisk', 'deprecated in v1.11, non-functional in v1.16+'],
  ['gitRepo', 'gitRepo', 'deprecated in v1.11, and disabled by default in v1.33+'],
  ['scaleIO', 'scaleIO', 'deprecated in v1.16, non-functional in v1.22+'],
  ['flocker', 'flocker', 'deprecated in v1.22, non-functional in v1.25+'],
  ['storageos', 'storageOS', 'deprecated in v1.22, non-functional in v1.25+'],
  ['quobyte', 'quobyte', 'deprecated in v1.22, non-functional in v1.25+'],
  ['glusterfs', 'glusterfs', 'deprecated in v1.25, non-functional in v1.26+'],
  ['cephfs', 'cephfs', 'deprecated in v1.28, non-functional in v1.31+'],
  ['rbd', 'rbd', 'deprecated in v1.28, non-functional in v1.31+'],
];

export function volumeWarnings(warnings: string[], path: FieldPath, volumes: readonly v1.Volume[]): void {
  for (const [index, volume] of volumes.entries()) {
    const item = path.index(index);
    for (const [type, name, text] of oldTypes) {
      if (volume[type] !== undefined) warnings.push(`${item.child(name)}: ${text}`);
    }
    const claim = volume.ephemeral?.volumeClaimTemplate?.spec?.resources;
    if (claim === undefined) continue;
    const resources = item.child('ephemeral', 'volumeClaimTemplate', 'spec', 'resources');
    fractionWarnings(warnings, resources.child('requests'), claim.requests, ['storage']);
    fractionWarnings(warnings, resources.child('limits'), claim.limits, ['storage']);
  }
  tokenWarnings(warnings, path, volumes);
}

/** Files that lie where a token is to lie. */
function tokenWarnings(warnings: string[], path: FieldPath, volumes: readonly v1.Volume[]): void {
  const sources = volumes.flatMap(({ projected }, index) =>
    (projected?.sources ?? []).map((source) => ({ source, at: path.index(index).child('projected', 'sources') })),
  );
  const tokens = new Set(sources.map(({ source }) => source.serviceAccountToken?.path));
  const warn = (at: FieldPath, items: readonly { path: string }[] = []): void => {
    for (const [index, item] of items.entries()) {
      if (!tokens.has(item.path)) continue;
      warnings.push(`${at.index(index)}: has duplicated path with ServiceAccountToken ${quote(item.path)}`);
    }
  };
  for (const { source, at } of sources) {
    warn(at.child('configMap'), source.configMap?.items);
    warn(at.child('secrets'), source.secret?.items);
    warn(at.child('downwardAPI'), source.downwardAPI?.items);
  }
}
