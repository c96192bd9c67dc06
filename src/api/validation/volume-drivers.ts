import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../field-errors.ts';
import { checkDns1123Subdomain, checkQualifiedName } from '../names.ts';
import { compareQuantities, tryParseQuantity, zeroQuantity } from '../quantity.ts';
import type { storagev1 } from '../types/index.ts';
import { addEach, checkImmutable, checkNonNegative, type Errors, eachRepeated, negativeText } from './checks.ts';
import { checkVolume } from './persistent-volume.ts';
import { checkLabelSelector } from './placement.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
const maxMetadataBytes = 256 * 1024;
const maxErrorBytes = 1024;
const maxNodeIdBytes = 256;
const minTokenSeconds = 600;
const maxTokenSeconds = 2 ** 32;
const minUpdateSeconds = 10;
const groupPolicies = ['File', 'None', 'ReadWriteOnceWithFSType'];
const lifecycleModes = ['Persistent', 'Ephemeral'];

/** Rules of the drivers that volumes come from, and of what they attach, by kind and group. */
export const volumeDriverRules: Readonly<Record<string, KindRules>> = {
  'VolumeAttachment.storage.k8s.io': kindRules<storagev1.VolumeAttachment>({
    check({ spec: attachment }, errors) {
      checkSource(errors, spec.child('source'), attachment?.source ?? {});
      const node = attachment?.nodeName;
      if (node) addEach(errors, spec.child('nodeName'), node, checkDns1123Subdomain(node));
    },
    checkCreate({ spec: attachment }, errors) {
      const { attacher, source } = attachment ?? {};
      if (attacher) addEach(errors, spec.child('attacher'), attacher, checkDns1123Subdomain(attacher));
      const volume = source?.persistentVolumeName;
      if (volume) addEach(errors, spec.child('source', 'persistentVolumeName'), volume, checkDns1123Subdomain(volume));
    },
    checkUpdate(attachment, old, errors) {
      checkImmutable(errors, spec, attachment.spec, old.spec);
    },
    subresources: {
      status({ status }, _old, errors) {
        if (status !== undefined) checkAttachmentStatus(errors, fieldPath('status'), status);
      },
    },
  }),
  'CSINode.storage.k8s.io': kindRules<storagev1.CSINode>({
    check({ spec: node }, errors) {
      const drivers = node?.drivers ?? [];
      const path = spec.child('drivers');
      for (const [index, driver] of drivers.entries()) checkNodeDriver(errors, path.index(index), driver);
      eachRepeated(
        drivers,
        ({ name }) => name,
        ({ name }, index) => errors.push(duplicate(path.index(index).child('name'), name)),
      );
    },
    checkUpdate({ spec: node }, { spec: old }, errors) {
      const fixed = ({ allocatable: _, ...driver }: storagev1.CSINodeDriver): object => driver;
      for (const before of old?.drivers ?? []) {
        const driver = node?.drivers?.find(({ name }) => name === before.name);
        if (driver !== undefined) checkImmutable(errors, spec.child('drivers'), fixed(driver), fixed(before));
      }
    },
  }),
  'CSIDriver.storage.k8s.io': kindRules<storagev1.CSIDriver>({
    check({ spec: driver }, errors) {
      const {
        tokenRequests = [],
        volumeLifecycleModes = [],
        nodeAllocatableUpdatePeriodSeconds: period,
      } = driver ?? {};
      const policy = driver?.fsGroupPolicy;
      if (policy !== undefined && !groupPolicies.includes(policy)) {
        errors.push(notSupported(spec.child('fsGroupPolicy'), policy, groupPolicies));
      }
      checkTokens(errors, spec.child('tokenRequests'), tokenRequests);
      for (const mode of volumeLifecycleModes) {
        if (!lifecycleModes.includes(mode)) {
          errors.push(notSupported(spec.child('volumeLifecycleModes'), mode, lifecycleModes));
        }
      }
      if (period !== undefined && period < minUpdateSeconds) {
        const detail = `must be greater than or equal to ${minUpdateSeconds} seconds`;
        errors.push(invalidValue(spec.child('nodeAllocatableUpdatePeriodSeconds'), period, detail));
      }
    },
    checkUpdate({ spec: driver }, { spec: old }, errors) {
      // The path is Kubernetes' own.
      checkImmutable(errors, spec.child('attachedRequired'), driver?.attachRequired, old?.attachRequired);
      const [modes, before] = [driver?.volumeLifecycleModes ?? null, old?.volumeLifecycleModes ?? null];
      checkImmutable(errors, spec.child('volumeLifecycleModes'), modes, before);
    },
  }),
  'CSIStorageCapacity.storage.k8s.io': kindRules<storagev1.CSIStorageCapacity>({
    check({ nodeTopology, storageClassName = '', capacity }, errors) {
      if (nodeTopology !== undefined) checkLabelSelector(errors, fieldPath('nodeTopology'), nodeTopology);
      if (storageClassName) {
        addEach(errors, fieldPath('storageClassName'), storageClassName, checkDns1123Subdomain(storageClassName));
      }
      const quantity = capacity === undefined ? zeroQuantity : tryParseQuantity(capacity);
      if (!('error' in quantity) && compareQuantities(quantity, zeroQuantity) < 0) {
        errors.push(invalidValue(fieldPath('capacity'), String(capacity), negativeText));
      }
    },
    checkUpdate({ nodeTopology, storageClassName }, old, errors) {
      checkImmutable(errors, fieldPath('nodeTopology'), nodeTopology ?? null, old.nodeTopology ?? null);
      checkImmutable(errors, fieldPath('storageClassName'), storageClassName, old.storageClassName);
    },
  }),
};

function checkSource(errors: Errors, path: FieldPath, source: storagev1.VolumeAttachmentSource): void {
  const { persistentVolumeName: name, inlineVolumeSpec: inline } = source;
  const detail = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (name === undefined && inline === undefined) errors.push(required(path, detail));
  else if (name !== undefined && inline !== undefined) errors.push(forbiddenField(path, detail));
  else if (name === '') {
    errors.push(required(path.child('persistentVolumeName'), 'must specify non empty persistentVolumeName'));
  } else if (inline !== undefined) checkVolume(errors, path.child('inlineVolumeSpec'), inline, true);
}

function checkAttachmentStatus(errors: Errors, path: FieldPath, status: storagev1.VolumeAttachmentStatus): void {
  const { attachmentMetadata = {}, attachError, detachError } = status;
  const bytes = Object.entries(attachmentMetadata).reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  if (bytes > maxMetadataBytes) errors.push(tooLong(path.child('attachmentMetadata'), maxMetadataBytes));
  for (const [name, error] of Object.entries({ attachError, detachError })) {
    // The bound that is named is not the one that holds: so Kubernetes says it.
    if (Buffer.byteLength(error?.message ?? '') > maxErrorBytes) {
      errors.push(tooLong(path.child(name, 'message'), maxMetadataBytes));
    }
    const code = error?.errorCode;
    if (code !== undefined && code < 0) {
      errors.push(invalidValue(path.child(name, 'errorCode'), code, 'must be between 0 and 2147483647, inclusive'));
    }
  }
}

function checkNodeDriver(errors: Errors, path: FieldPath, driver: storagev1.CSINodeDriver): void {
  const { name, nodeID, allocatable } = driver;
  // A list that has to be there is null where it isn't given.
  const topologyKeys = driver.topologyKeys ?? [];
  if (name) addEach(errors, path.child('name'), name, checkDns1123Subdomain(name));
  if (nodeID && Buffer.byteLength(nodeID) > maxNodeIdBytes) {
    errors.push(invalidValue(path.child('nodeID'), nodeID, `must be ${maxNodeIdBytes} characters or less`));
  }
  checkNonNegative(errors, path.child('allocatable', 'count'), allocatable?.count);
  topologyKeys.forEach((key, index) => {
    if (key === '') errors.push(required(path));
    if (topologyKeys.indexOf(key) < index) errors.push(duplicate(path, key));
    addEach(errors, path, key, checkQualifiedName(key));
  });
}

function checkTokens(errors: Errors, path: FieldPath, requests: readonly storagev1.TokenRequest[]): void {
  const audiences = new Set<string>();
  requests.forEach(({ audience = '', expirationSeconds: seconds }, index) => {
    if (audiences.has(audience)) {
      errors.push(duplicate(path.index(index).child('audience'), audience));
      return;
    }
    audiences.add(audience);
    const at = path.index(index).child('expirationSeconds');
    if (seconds === undefined) return;
    if (seconds < minTokenSeconds) {
      errors.push(invalidValue(at, seconds, 'may not specify a duration less than 10 minutes'));
    }
    if (seconds > maxTokenSeconds) {
      errors.push(invalidValue(at, seconds, 'may not specify a duration larger than 2^32 seconds'));
    }
  });
}
