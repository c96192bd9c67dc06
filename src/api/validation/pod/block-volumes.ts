import { type FieldPath, invalidValue, notSupported, required } from '../../field-errors.ts';
import { checkDns1123Label, checkRange } from '../../names.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, checkGiven, type Errors } from '../checks.ts';

/*
 * Volumes of storage systems that Kubernetes once knew by itself. Most don't work any more, but what
 * is wrong with them is still told.
 */

type Check<T> = (errors: Errors, path: FieldPath, source: T) => void;

/** A check that texts are given. */
const given =
  <T extends object>(...fields: (keyof T & string)[]): Check<T> =>
  (errors, path, source) => {
    for (const field of fields) {
      const value = source[field];
      if (!value || (Array.isArray(value) && value.length === 0)) errors.push(required(path.child(field)));
    }
  };

export const checkGlusterfs = given<v1.GlusterfsVolumeSource>('endpoints', 'path');
export const checkRbd = given<v1.RBDVolumeSource>('monitors', 'image');
export const checkCephfs = given<v1.CephFSVolumeSource>('monitors');
export const checkAzureFile = given<v1.AzureFileVolumeSource>('secretName', 'shareName');
export const checkVsphere = given<v1.VsphereVirtualDiskVolumeSource>('volumePath');
export const checkPhoton = given<v1.PhotonPersistentDiskVolumeSource>('pdID');
export const checkPortworx = given<v1.PortworxVolumeSource>('volumeID');
export const checkScaleIo = given<v1.ScaleIOVolumeSource>('gateway', 'system', 'volumeName');

function checkPartition(errors: Errors, path: FieldPath, partition = 0): void {
  // Zero is the whole disk, though the text says otherwise.
  if (partition < 0 || partition > 255)
    errors.push(invalidValue(path, partition, 'must be between 1 and 255, inclusive'));
}

export function checkGceDisk(errors: Errors, path: FieldPath, disk: v1.GCEPersistentDiskVolumeSource): void {
  checkGiven(errors, path.child('pdName'), disk.pdName);
  checkPartition(errors, path.child('partition'), disk.partition);
}

export function checkAwsDisk(errors: Errors, path: FieldPath, disk: v1.AWSElasticBlockStoreVolumeSource): void {
  checkGiven(errors, path.child('volumeID'), disk.volumeID);
  checkPartition(errors, path.child('partition'), disk.partition);
}

const initiators: readonly [prefix: string, grammar: RegExp][] = [
  ['iqn', /iqn\.\d{4}-\d{2}\.([a-zA-Z0-9\-.]+)(:[^,;*&$|\s]+)$/],
  ['eui', /^eui.[a-zA-Z0-9]{16}$/],
  ['naa', /^naa.[a-zA-Z0-9]{32}$/],
];
const maxIscsiName = 64;

function checkInitiator(errors: Errors, path: FieldPath, name: string): void {
  const known = initiators.find(([prefix]) => name.startsWith(prefix));
  if (known === undefined) {
    errors.push(invalidValue(path, name, 'must be valid format starting with iqn, eui, or naa'));
  } else if (!known[1].test(name)) errors.push(invalidValue(path, name, 'must be valid format'));
}

export function checkIscsi(errors: Errors, path: FieldPath, source: v1.ISCSIVolumeSource): void {
  const { lun, iqn, initiatorName, secretRef } = source;
  checkGiven(errors, path.child('targetPortal'), source.targetPortal);
  if (checkGiven(errors, path.child('iqn'), iqn)) checkInitiator(errors, path.child('iqn'), iqn);
  addEach(errors, path.child('lun'), lun, checkRange(lun ?? 0, 0, 255));
  if ((source.chapAuthDiscovery || source.chapAuthSession) && secretRef === undefined) {
    errors.push(required(path.child('secretRef')));
  }
  if (initiatorName !== undefined) checkInitiator(errors, path.child('initiatorname'), initiatorName);
}

/** Both names together become a directory's. `path`: of the volume. */
export function checkIscsiName(errors: Errors, path: FieldPath, { name, iscsi }: v1.Volume): void {
  if (iscsi?.initiatorName === undefined) return;
  if (Buffer.byteLength(`${name}:${iscsi.targetPortal}`) <= maxIscsiName) return;
  const detail =
    'Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.';
  errors.push(invalidValue(path.child('name'), name, detail));
}

export function checkFibreChannel(errors: Errors, path: FieldPath, source: v1.FCVolumeSource): void {
  const { targetWWNs = [], wwids = [], lun } = source;
  const names = path.child('targetWWNs');
  if (targetWWNs.length === 0) {
    if (wwids.length === 0) errors.push(required(names, 'must specify either targetWWNs or wwids, but not both'));
    return;
  }
  if (wwids.length > 0) {
    errors.push(invalidValue(names, targetWWNs, 'targetWWNs and wwids can not be specified simultaneously'));
  }
  if (lun === undefined) errors.push(required(path.child('lun'), 'lun is required if targetWWNs is specified'));
  else addEach(errors, path.child('lun'), lun, checkRange(lun, 0, 255));
}

export function checkQuobyte(
  errors: Errors,
  path: FieldPath,
  { registry, tenant, volume }: v1.QuobyteVolumeSource,
): void {
  const detail = 'must be a host:port pair or multiple pairs separated by commas';
  if (!registry) errors.push(required(path.child('registry'), detail));
  else if (tenant !== undefined && tenant.length > 64) {
    errors.push(required(path.child('tenant'), 'must be a UUID and may not exceed a length of 64 characters'));
  } else {
    for (const pair of registry.split(',')) {
      if (!/^(?:[^:[\]]*|\[[^[\]]*\]):[^:]*$/.test(pair)) {
        errors.push(invalidValue(path.child('registry'), registry, detail));
      }
    }
  }
  checkGiven(errors, path.child('volume'), volume);
}

export function checkFlocker(errors: Errors, path: FieldPath, source: v1.FlockerVolumeSource): void {
  const { datasetName = '', datasetUUID = '' } = source;
  if (!datasetName && !datasetUUID) errors.push(required(path, 'one of datasetName and datasetUUID is required'));
  if (datasetName && datasetUUID) {
    errors.push(invalidValue(path, 'resource', 'datasetName and datasetUUID can not be specified simultaneously'));
  }
  if (datasetName.includes('/')) {
    errors.push(invalidValue(path.child('datasetName'), datasetName, "must not contain '/'"));
  }
}

export function checkCinder(errors: Errors, path: FieldPath, { volumeID, secretRef }: v1.CinderVolumeSource): void {
  checkGiven(errors, path.child('volumeID'), volumeID);
  if (secretRef !== undefined) checkGiven(errors, path.child('secretRef', 'name'), secretRef.name);
}

export function checkFlex(errors: Errors, path: FieldPath, { driver, options = {} }: v1.FlexVolumeSource): void {
  checkGiven(errors, path.child('driver'), driver);
  for (const key of Object.keys(options)) {
    const domain = `.${key.split('/', 1)[0]!.toLowerCase()}`;
    if (!domain.endsWith('.kubernetes.io') && !domain.endsWith('.k8s.io')) continue;
    const detail = 'kubernetes.io and k8s.io namespaces are reserved';
    errors.push(invalidValue(path.child('options').key(key), key, detail));
  }
}

const azureCaching = ['None', 'ReadOnly', 'ReadWrite'];
const azureKinds = ['Dedicated', 'Managed', 'Shared'];
const azureManagedUri =
  '/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}';
const azureBlobUri = 'https://{account-name}.blob.core.windows.net/{container-name}/{disk-name}.vhd';

export function checkAzureDisk(errors: Errors, path: FieldPath, disk: v1.AzureDiskVolumeSource): void {
  const { diskName, diskURI = '', cachingMode, kind } = disk;
  checkGiven(errors, path.child('diskName'), diskName);
  checkGiven(errors, path.child('diskURI'), diskURI);
  if (cachingMode !== undefined && !azureCaching.includes(cachingMode)) {
    errors.push(notSupported(path.child('cachingMode'), cachingMode, azureCaching));
  }
  if (kind === undefined) return;
  if (!azureKinds.includes(kind)) errors.push(notSupported(path.child('kind'), kind, azureKinds));
  const [start, form] = kind === 'Managed' ? ['/subscriptions/', azureManagedUri] : ['https://', azureBlobUri];
  if (!diskURI.startsWith(start)) errors.push(notSupported(path.child('diskURI'), diskURI, [form]));
}

export function checkStorageOs(errors: Errors, path: FieldPath, source: v1.StorageOSVolumeSource): void {
  const { volumeName, volumeNamespace, secretRef } = source;
  const name = path.child('volumeName');
  if (!volumeName) errors.push(required(name));
  else addEach(errors, name, volumeName, checkDns1123Label(volumeName));
  if (volumeNamespace) {
    addEach(errors, path.child('volumeNamespace'), volumeNamespace, checkDns1123Label(volumeNamespace));
  }
  if (secretRef !== undefined) checkGiven(errors, path.child('secretRef', 'name'), secretRef.name);
}
