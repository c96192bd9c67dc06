import { type FieldPath, forbiddenField, invalidValue, notSupported, required, tooLong } from '../../field-errors.ts';
import { checkDns1123Subdomain } from '../../names.ts';
import { compareQuantities, tryParseQuantity, zeroQuantity } from '../../quantity.ts';
import { quote } from '../../text.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, checkGiven, checkOneOf, type Errors } from '../checks.ts';
import { checkTemplateMetadata } from '../metadata.ts';
import { checkClaim } from '../storage.ts';
import * as block from './block-volumes.ts';
import { checkMode, checkNoBacksteps, checkRelativePath } from './paths.ts';
import { checkItems, checkPodFile, checkProjected } from './projections.ts';

type Source = Exclude<keyof v1.Volume, 'name'>;
type Checks = { [S in Source]-?: (errors: Errors, path: FieldPath, source: NonNullable<v1.Volume[S]>) => void };

/** What is checked of a volume by its type, in Kubernetes' order of types. */
const checks: Checks = {
  emptyDir(errors, path, { sizeLimit }) {
    if (sizeLimit === undefined) return;
    const limit = tryParseQuantity(sizeLimit);
    if ('error' in limit || compareQuantities(limit, zeroQuantity) < 0) {
      errors.push(forbiddenField(path.child('sizeLimit'), 'SizeLimit field must be a valid resource quantity'));
    }
  },
  hostPath(errors, path, { path: place, type }) {
    if (!checkGiven(errors, path.child('path'), place)) return;
    checkNoBacksteps(errors, path.child('path'), place);
    if (type !== undefined && !hostPathTypes.includes(type)) {
      errors.push(notSupported(path.child('type'), type, hostPathTypes));
    }
  },
  gitRepo(errors, path, { repository, directory = '' }) {
    checkGiven(errors, path.child('repository'), repository);
    checkRelativePath(errors, path.child('directory'), directory);
  },
  gcePersistentDisk: block.checkGceDisk,
  awsElasticBlockStore: block.checkAwsDisk,
  secret(errors, path, { secretName, defaultMode, items }) {
    checkGiven(errors, path.child('secretName'), secretName);
    checkMode(errors, path.child('defaultMode'), defaultMode);
    checkItems(errors, path.child('items'), items);
  },
  nfs(errors, path, { server, path: place = '' }) {
    checkGiven(errors, path.child('server'), server);
    checkGiven(errors, path.child('path'), place);
    if (!place.startsWith('/')) errors.push(invalidValue(path.child('path'), place, 'must be an absolute path'));
  },
  iscsi: block.checkIscsi,
  glusterfs: block.checkGlusterfs,
  flocker: block.checkFlocker,
  persistentVolumeClaim(errors, path, { claimName }) {
    checkGiven(errors, path.child('claimName'), claimName);
  },
  rbd: block.checkRbd,
  cinder: block.checkCinder,
  cephfs: block.checkCephfs,
  quobyte: block.checkQuobyte,
  downwardAPI(errors, path, { defaultMode, items }) {
    checkMode(errors, path.child('defaultMode'), defaultMode);
    for (const file of items ?? []) checkPodFile(errors, path, file);
  },
  fc: block.checkFibreChannel,
  flexVolume: block.checkFlex,
  configMap(errors, path, { name, defaultMode, items }) {
    checkGiven(errors, path.child('name'), name);
    checkMode(errors, path.child('defaultMode'), defaultMode);
    checkItems(errors, path.child('items'), items);
  },
  azureFile: block.checkAzureFile,
  vsphereVolume: block.checkVsphere,
  photonPersistentDisk: block.checkPhoton,
  portworxVolume: block.checkPortworx,
  azureDisk: block.checkAzureDisk,
  storageos: block.checkStorageOs,
  projected: checkProjected,
  scaleIO: block.checkScaleIo,
  csi(errors, path, { driver, nodePublishSecretRef: secret }) {
    checkDriverName(errors, path.child('driver'), driver);
    if (secret === undefined) return;
    if (!secret.name) errors.push(required(path.child('nodePublishSecretRef', 'name')));
    else addEach(errors, path.child('name'), secret.name, checkDns1123Subdomain(secret.name));
  },
  ephemeral(errors, path, { volumeClaimTemplate: template }) {
    const at = path.child('volumeClaimTemplate');
    if (template === undefined) errors.push(required(at));
    else checkClaimTemplate(errors, at, template);
  },
  image(errors, path, { pullPolicy }) {
    checkOneOf(errors, path.child('pullPolicy'), pullPolicy, pullPolicies);
  },
};

const order = Object.keys(checks) as Source[];
const hostPathTypes = [
  '',
  'BlockDevice',
  'CharDevice',
  'Directory',
  'DirectoryOrCreate',
  'File',
  'FileOrCreate',
  'Socket',
];
export const pullPolicies = ['Always', 'IfNotPresent', 'Never'];
const maxDriverBytes = 63;

/** Where Kubernetes' text names a source by another name than the API: within it, or as one too many. */
const names: Partial<Record<Source, { inside?: string; surplus?: string }>> = {
  gcePersistentDisk: { inside: 'persistentDisk' },
  cephfs: { surplus: 'cephFS' },
  downwardAPI: { surplus: 'downwarAPI' },
};

/** `podName`: of the pod whose volume it is, if it is one's. */
export function checkVolumeSource(errors: Errors, path: FieldPath, volume: v1.Volume, podName?: string): void {
  const given = sourcesOf(volume);
  const [first] = given;
  if (first === undefined) errors.push(required(path, 'must specify a volume type'));
  else {
    const check = checks[first] as (errors: Errors, path: FieldPath, source: unknown) => void;
    check(errors, path.child(names[first]?.inside ?? first), volume[first]);
  }
  for (const source of given.slice(1)) {
    errors.push(
      forbiddenField(path.child(names[source]?.surplus ?? source), 'may not specify more than 1 volume type'),
    );
  }
  if (volume.iscsi !== undefined) block.checkIscsiName(errors, path, volume);
  if (podName === undefined) return;
  if (first === 'ephemeral' && volume.name) checkClaimName(errors, path.child('name'), volume.name, podName);
  if (first === 'image' && !volume.image?.reference) errors.push(required(path.child('image', 'reference')));
}

/** Most volumes have one source, which needs no sorting. */
function sourcesOf(volume: v1.Volume): Source[] {
  const given = Object.keys(volume).filter((field) => Object.hasOwn(checks, field)) as Source[];
  return given.length < 2 ? given : order.filter((source) => given.includes(source));
}

function checkClaimName(errors: Errors, path: FieldPath, volumeName: string, podName: string): void {
  const claim = `${podName}-${volumeName}`;
  for (const problem of checkDns1123Subdomain(claim)) {
    errors.push(invalidValue(path, volumeName, `PVC name ${quote(claim)}: ${problem}`));
  }
}

function checkDriverName(errors: Errors, path: FieldPath, name = ''): void {
  if (name === '') errors.push(required(path));
  if (Buffer.byteLength(name) > maxDriverBytes) errors.push(tooLong(path, maxDriverBytes));
  addEach(errors, path, name, checkDns1123Subdomain(name.toLowerCase()));
}

function checkClaimTemplate(errors: Errors, path: FieldPath, template: v1.PersistentVolumeClaimTemplate): void {
  const { metadata = {}, spec } = template;
  checkTemplateMetadata(errors, path.child('metadata'), metadata);
  for (const [field, value] of Object.entries(metadata)) {
    if (field === 'labels' || field === 'annotations' || value === null || value === '') continue;
    errors.push(forbiddenField(path.child('metadata', field), 'cannot be set'));
  }
  checkClaim(errors, path.child('spec'), spec ?? {});
}
