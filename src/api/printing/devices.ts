import type { resourcev1 } from '../types/index.ts';
import { age, ageColumn, column, nameColumn, nameOf, type Printer, printer } from './printer.ts';

const plain = printer([nameColumn, ageColumn], (object, now) => [nameOf(object), age(object, now)]);

/** Printers of devices and who claims them, by kind and group. */
export const devicePrinters: Readonly<Record<string, Printer>> = {
  'DeviceClass.resource.k8s.io': plain,
  'ResourceClaimTemplate.resource.k8s.io': plain,
  'ResourceClaim.resource.k8s.io': printer<resourcev1.ResourceClaim>(
    [nameColumn, column('State', 'Whether it has what it claims, and for whom.'), ageColumn],
    (claim, now) => [nameOf(claim), stateOf(claim), age(claim, now)],
  ),
  'ResourceSlice.resource.k8s.io': printer<resourcev1.ResourceSlice>(
    [
      nameColumn,
      column('Node', 'Node whose devices these are.'),
      column('Driver', 'Who manages them.'),
      column('Pool', 'Pool that they belong to.'),
      ageColumn,
    ],
    (slice, now) => {
      const { nodeName, driver, pool } = slice.spec ?? {};
      return [nameOf(slice), nodeName ?? '', driver ?? '', pool?.name ?? '', age(slice, now)];
    },
  ),
};

function stateOf({ metadata, status }: resourcev1.ResourceClaim): string {
  const states = metadata.deletionTimestamp ? ['deleted'] : [];
  if (status?.allocation !== undefined) {
    states.push('allocated');
    if (status.reservedFor?.length) states.push('reserved');
  } else if (states.length === 0) states.push('pending');
  return states.join(',');
}
