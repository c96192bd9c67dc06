import type { storagev1, v1 } from '../types/index.ts';
import { age, ageColumn, column, nameColumn, nameOf, orUnset, type Printer, printer, wide } from './printer.ts';

const classColumns = [
  column('StorageClass', 'Its storage class.'),
  column('VolumeAttributesClass', 'Its volume attributes class.'),
];
const modeColumn = wide('VolumeMode', 'Filesystem or Block.');

/** Printers of what is about volumes, by kind and group. */
export const storagePrinters: Readonly<Record<string, Printer>> = {
  'VolumeAttributesClass.storage.k8s.io': printer<storagev1.VolumeAttributesClass>(
    [nameColumn, column('DriverName', 'Whose attributes these are.'), ageColumn],
    (attributes, now) => [nameOf(attributes), attributes.driverName, age(attributes, now)],
  ),
  'CSIStorageCapacity.storage.k8s.io': printer<storagev1.CSIStorageCapacity>(
    [nameColumn, column('StorageClassName', 'Class that it is about.'), column('Capacity', 'How much is left.')],
    (capacity) => [nameOf(capacity), capacity.storageClassName, capacity.capacity ?? '<unset>'],
  ),
  PersistentVolume: printer<v1.PersistentVolume>(
    [
      nameColumn,
      column('Capacity', 'Its size.'),
      column('Access Modes', 'How it can be mounted.'),
      column('Reclaim Policy', 'What becomes of it when its claim is gone.'),
      column('Status', 'Whether it is bound.'),
      column('Claim', 'Claim that it is bound to.'),
      ...classColumns,
      column('Reason', 'Why it is in that state.'),
      ageColumn,
      modeColumn,
    ],
    (volume, now) => {
      const { spec, status } = volume;
      return [
        nameOf(volume),
        spec?.capacity?.['storage'] ?? '0',
        accessModes(spec?.accessModes),
        spec?.persistentVolumeReclaimPolicy ?? '',
        volume.metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
        spec?.claimRef === undefined ? '' : `${spec.claimRef.namespace ?? ''}/${spec.claimRef.name ?? ''}`,
        classOf(volume, spec?.storageClassName),
        orUnset(spec?.volumeAttributesClassName),
        status?.reason ?? '',
        age(volume, now),
        orUnset(spec?.volumeMode),
      ];
    },
  ),
  PersistentVolumeClaim: printer<v1.PersistentVolumeClaim>(
    [
      nameColumn,
      column('Status', 'Whether it is bound.'),
      column('Volume', 'Volume that it is bound to.'),
      column('Capacity', 'Size of that volume.'),
      column('Access Modes', 'How it can be mounted.'),
      ...classColumns,
      ageColumn,
      modeColumn,
    ],
    (claim, now) => {
      const { spec, status } = claim;
      const bound = Boolean(spec?.volumeName);
      return [
        nameOf(claim),
        claim.metadata.deletionTimestamp ? 'Terminating' : (status?.phase ?? ''),
        spec?.volumeName ?? '',
        bound ? (status?.capacity?.['storage'] ?? '0') : '',
        bound ? accessModes(status?.accessModes) : '',
        classOf(claim, spec?.storageClassName),
        orUnset(spec?.volumeAttributesClassName),
        age(claim, now),
        orUnset(spec?.volumeMode),
      ];
    },
  ),
  'StorageClass.storage.k8s.io': printer<storagev1.StorageClass>(
    [
      nameColumn,
      column('Provisioner', 'Who makes its volumes.'),
      column('ReclaimPolicy', 'What becomes of a volume when its claim is gone.'),
      column('VolumeBindingMode', 'When a volume is made.'),
      column('AllowVolumeExpansion', 'Whether volumes can grow.'),
      ageColumn,
    ],
    (storageClass, now) => {
      const isDefault = storageClass.metadata.annotations?.['storageclass.kubernetes.io/is-default-class'] === 'true';
      return [
        isDefault ? `${nameOf(storageClass)} (default)` : nameOf(storageClass),
        storageClass.provisioner ?? '',
        storageClass.reclaimPolicy ?? 'Delete',
        storageClass.volumeBindingMode ?? 'Immediate',
        storageClass.allowVolumeExpansion ?? false,
        age(storageClass, now),
      ];
    },
  ),
  'VolumeAttachment.storage.k8s.io': printer<storagev1.VolumeAttachment>(
    [
      nameColumn,
      { ...column('Attacher', 'Driver that attaches it.'), format: 'name' },
      column('PV', 'The volume.'),
      column('Node', 'Where it is attached.'),
      column('Attached', 'Whether it is.', 'boolean'),
      ageColumn,
    ],
    (attachment, now) => [
      nameOf(attachment),
      attachment.spec.attacher,
      attachment.spec.source.persistentVolumeName ?? '',
      attachment.spec.nodeName,
      attachment.status?.attached ?? false,
      age(attachment, now),
    ],
  ),
  'CSINode.storage.k8s.io': printer<storagev1.CSINode>(
    [nameColumn, column('Drivers', 'How many drivers the node has.', 'integer'), ageColumn],
    (node, now) => [nameOf(node), node.spec.drivers?.length ?? 0, age(node, now)],
  ),
  'CSIDriver.storage.k8s.io': printer<storagev1.CSIDriver>(
    [
      nameColumn,
      column('AttachRequired', 'Whether volumes have to be attached.', 'boolean'),
      column('PodInfoOnMount', 'Whether it is told about pods.', 'boolean'),
      column('StorageCapacity', 'Whether it reports capacity.', 'boolean'),
      column('TokenRequests', 'Audiences of the tokens that it needs.'),
      column('RequiresRepublish', 'Whether it wants to be called again.', 'boolean'),
      column('Modes', 'Kinds of volumes that it has.'),
      ageColumn,
    ],
    (driver, now) => [
      nameOf(driver),
      driver.spec.attachRequired ?? true,
      driver.spec.podInfoOnMount ?? false,
      driver.spec.storageCapacity ?? false,
      orUnset(driver.spec.tokenRequests?.map(({ audience }) => audience).join(',')),
      driver.spec.requiresRepublish ?? false,
      driver.spec.volumeLifecycleModes?.join(',') || '<none>',
      age(driver, now),
    ],
  ),
};

const shortModes: readonly [mode: string, short: string][] = [
  ['ReadWriteOnce', 'RWO'],
  ['ReadOnlyMany', 'ROX'],
  ['ReadWriteMany', 'RWX'],
  ['ReadWriteOncePod', 'RWOP'],
];

function accessModes(modes: readonly string[] | undefined): string {
  return shortModes
    .filter(([mode]) => modes?.includes(mode))
    .map(([, short]) => short)
    .join(',');
}

function classOf(object: { metadata: { annotations?: Record<string, string> } }, field: string | undefined): string {
  return object.metadata.annotations?.['volume.beta.kubernetes.io/storage-class'] ?? field ?? '';
}
