import type { ResourceType } from '../../../api/index.ts';
import { customScale } from './custom-scale.ts';
import {
  allButStatus,
  approvalPart,
  customStatusPart,
  ephemeralContainersPart,
  everything,
  finalizePart,
  resizePart,
  statusPart,
} from './parts.ts';
import { scale } from './scale.ts';
import type { Subresource } from './subresource.ts';

export type { Subresource } from './subresource.ts';

const byName: ReadonlyMap<string, Subresource> = new Map([
  ['approval', approvalPart],
  ['ephemeralcontainers', ephemeralContainersPart],
  ['finalize', finalizePart],
  ['resize', resizePart],
  ['scale', scale],
  ['status', statusPart],
]);

export function hasStatus(type: ResourceType): boolean {
  return type.subresources.some(({ name }) => name === 'status');
}

/** How a (sub)resource is read and written; undefined for one that isn't a part of the stored object. */
export function subresourceOf(type: ResourceType, name: string | undefined): Subresource | undefined {
  if (name === undefined) return hasStatus(type) ? allButStatus : everything;
  if (type.custom === undefined) return byName.get(name);
  if (name === 'status') return customStatusPart;
  return name === 'scale' && type.custom.scale !== undefined ? customScale(type.custom.scale) : undefined;
}
