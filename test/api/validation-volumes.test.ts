import test from 'ava';
import { checkChange, checkNew, checkPart, type Json, type Kind } from './support/validation.ts';

const claimKind: Kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const volumeKind: Kind = { apiVersion: 'v1', kind: 'PersistentVolume', cluster: true };
const storage = (kind: string): Kind => ({ apiVersion: 'storage.k8s.io/v1', kind, cluster: true });

const claim = (spec: Json = {}, metadata: Json = {}, status: Json = {}): Json => ({
  metadata,
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  status,
});
const volume = (spec: Json = {}): Json => ({
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' }, ...spec },
});

test('what claims are filled from', (t) => {
  const source = { kind: 'PersistentVolumeClaim', name: 'a' };
  checkNew(t, claimKind, [
    [claim({ dataSource: source, dataSourceRef: source }), []],
    [
      claim({ dataSource: {} }),
      ['spec.dataSource.name: Required value', 'spec.dataSource.kind: Required value', /default apiGroup$/],
    ],
    [
      claim({ dataSource: source, dataSourceRef: { ...source, name: 'b' } }),
      ['spec: Invalid value: "spec.dataSource": must match dataSourceRef'],
    ],
    [
      claim({ dataSource: source, dataSourceRef: { ...source, namespace: 'n' } }),
      ['spec: Invalid value: "spec.dataSource": may not be specified when dataSourceRef.namespace is specified'],
    ],
    [claim({ dataSourceRef: { ...source, namespace: 'N' } }), [/^spec\.dataSourceRef\.namespace: Invalid value: "N"/]],
    [claim({ dataSourceRef: { ...source, apiGroup: 'A' } }), [/^spec\.dataSourceRef\.apiGroup: Invalid value: "A"/]],
    [claim({ volumeAttributesClassName: 'A' }), [/^spec\.volumeAttributesClassName: Invalid value: "A"/]],
  ]);
});

test('more changes of claims', (t) => {
  const annotated = (value: string): Json =>
    claim({}, { annotations: { 'volume.beta.kubernetes.io/storage-class': value } });
  checkChange(t, claimKind, [
    [
      annotated('a'),
      annotated('b'),
      ['metadata.annotations.volume.beta.kubernetes.io/storage-class: Invalid value: "b": field is immutable'],
    ],
    [annotated('a'), claim({ storageClassName: 'a' }), []],
    [
      claim({ volumeAttributesClassName: 'a' }),
      claim(),
      ['spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden'],
    ],
    [
      claim({ volumeAttributesClassName: 'a' }),
      claim({ volumeAttributesClassName: '' }),
      ['spec.volumeAttributesClassName: Forbidden: update from non-nil value to an empty string is forbidden'],
    ],
  ]);
  const states =
    '"ControllerResizeFailed", "ControllerResizeInProgress", "NodeResizeFailed", "NodeResizeInProgress", "NodeResizePending"';
  checkPart(t, claimKind, [
    [claim(), claim({}, {}, { phase: 'Bound', capacity: { storage: '1Gi' } }), []],
    [claim(), claim({ accessModes: [] }), ['Spec.accessModes: Required value']],
    [
      claim(),
      claim({}, {}, { capacity: { storage: '-1' } }),
      ['status.capacity[storage]: Invalid value: -1: must be a valid resource quantity'],
    ],
    [
      claim(),
      claim({}, {}, { allocatedResources: { cpu: '1' }, allocatedResourceStatuses: { storage: 'Slow' } }),
      [
        `status.allocatedResourceStatus: Unsupported value: "storage": supported values: ${states}`,
        'status.allocatedResources: Unsupported value: "cpu": supported values: "storage"',
      ],
    ],
  ]);
});

test('more of volumes', (t) => {
  checkNew(t, volumeKind, [
    [
      volume({ hostPath: { path: '/a/../b' } }),
      [`spec.hostPath.path: Invalid value: "/a/../b": must not contain '..'`],
    ],
    [
      volume({ hostPath: undefined, nfs: { server: 's', path: 'a' } }),
      ['spec.nfs.path: Invalid value: "a": must be an absolute path'],
    ],
    [
      volume({ hostPath: undefined, csi: { driver: 'A B', volumeHandle: 'v' } }),
      [/^spec\.csi\.driver: Invalid value: "A B"/],
    ],
    [
      volume({ nodeAffinity: {} }),
      ['spec.nodeAffinity.required: Required value: must specify required node constraints'],
    ],
    [
      volume({ capacity: { storage: '-1' } }),
      [
        'spec.capacity[storage]: Invalid value: -1: must be a valid resource quantity',
        'spec.capacity[storage]: Invalid value: "-1": must be greater than zero',
      ],
    ],
    [
      volume({ volumeAttributesClassName: '' }),
      [
        'spec.volumeAttributesClassName: Required value: an empty string is disallowed',
        'spec.csi: Required value: has to be specified when using volumeAttributesClassName',
      ],
    ],
  ]);
  const affinity = (value: string): Json => ({
    required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'In', values: [value] }] }] },
  });
  const csi = (parts: Json = {}): Json =>
    volume({ hostPath: undefined, csi: { driver: 'd', volumeHandle: 'v', ...parts } });
  checkChange(t, volumeKind, [
    [volume(), volume({ nodeAffinity: affinity('a') }), []],
    [
      volume({ nodeAffinity: affinity('a') }),
      volume({ nodeAffinity: affinity('b') }),
      [/^nodeAffinity: Invalid value: .*: field is immutable, except for updating from beta label to GA$/],
    ],
    [csi(), csi({ controllerExpandSecretRef: { name: 'a', namespace: 'b' } }), []],
    [csi(), csi({ volumeHandle: 'w' }), [/^spec\.persistentvolumesource: Forbidden/]],
    [
      volume({ volumeAttributesClassName: 'a' }),
      volume(),
      ['spec.volumeAttributesClassName: Forbidden: update from non-nil value to nil is forbidden'],
    ],
  ]);
});

test('classes of volumes', (t) => {
  const topology = (...expressions: Json[]): Json => ({
    provisioner: 'a',
    allowedTopologies: [{ matchLabelExpressions: expressions }],
  });
  const at = 'allowedTopologies[0].matchLabelExpressions';
  const zone = { key: 'zone', values: ['a'] };
  checkNew(t, storage('StorageClass'), [
    [topology(zone), []],
    [{ provisioner: 'a', parameters: { '': 'x' } }, ['parameters: Invalid value: "": field can not be empty.']],
    [
      { provisioner: 'a', parameters: { a: 'x'.repeat(262_144) } },
      ['parameters: Too long: may not be more than 262144 bytes'],
    ],
    [
      { provisioner: 'a', parameters: Object.fromEntries(Array.from({ length: 513 }, (_, index) => [index, ''])) },
      ['parameters: Too long: may not be more than 512 bytes'],
    ],
    [
      { provisioner: 'a', reclaimPolicy: 'Recycle' },
      ['reclaimPolicy: Unsupported value: "Recycle": supported values: "Delete", "Retain"'],
    ],
    [
      { provisioner: 'a', volumeBindingMode: 'Later' },
      ['volumeBindingMode: Unsupported value: "Later": supported values: "Immediate", "WaitForFirstConsumer"'],
    ],
    [topology(zone, zone), [`${at}[1].key: Duplicate value: "zone"`]],
    [topology({ key: 'zone', values: ['a', 'a'] }), [`${at}[0].values[1]: Duplicate value: "a"`]],
    [topology({ key: 'zone', values: [] }), [`${at}[0].values: Required value`]],
    [topology({ key: 'a b', values: ['a'] }), [/key: Invalid value: "a b"/]],
    [
      { provisioner: 'a', allowedTopologies: [{ matchLabelExpressions: [zone] }, { matchLabelExpressions: [zone] }] },
      ['allowedTopologies[1].matchLabelExpressions: Duplicate value: ""'],
    ],
  ]);
  const attributes = storage('VolumeAttributesClass');
  checkNew(t, attributes, [
    [{ driverName: 'a', parameters: { a: 'b' } }, []],
    [
      { driverName: 'a b' },
      [/^driverName: Invalid value: "a b"/, 'parameters: Required value: must contain at least one key/value pair'],
    ],
    [{ parameters: { a: 'b' } }, ['driverName: Required value']],
  ]);
  checkChange(t, attributes, [
    [
      { driverName: 'a', parameters: { a: 'b' } },
      { driverName: 'b', parameters: { a: 'c' } },
      [
        'driverName: Forbidden: updates to driverName are forbidden.',
        'parameters: Forbidden: updates to parameters are forbidden.',
      ],
    ],
  ]);
});

test('attachments', (t) => {
  const kind = storage('VolumeAttachment');
  const attached = (source: Json, parts: Json = {}): Json => ({
    spec: { attacher: 'a', nodeName: 'n', source, ...parts },
  });
  const at = 'spec.source';
  const inline = (parts: Json): Json =>
    attached({
      inlineVolumeSpec: { accessModes: ['ReadWriteOnce'], csi: { driver: 'd', volumeHandle: 'v' }, ...parts },
    });
  const detail = 'may not be specified in the context of inline volumes';
  checkNew(t, kind, [
    [inline({}), []],
    [
      attached({ persistentVolumeName: '' }),
      [`${at}.persistentVolumeName: Required value: must specify non empty persistentVolumeName`],
    ],
    [
      attached({ persistentVolumeName: 'v', inlineVolumeSpec: {} }),
      [/^spec\.source: Forbidden: must specify exactly one of/],
    ],
    [attached({ persistentVolumeName: 'V' }), [/^spec\.source\.persistentVolumeName: Invalid value: "V"/]],
    [
      attached({ persistentVolumeName: 'v' }, { attacher: 'A', nodeName: 'N' }),
      [/^spec\.nodeName: Invalid value: "N"/, /^spec\.attacher: Invalid value: "A"/],
    ],
    [
      inline({ capacity: { storage: '1' }, claimRef: { name: 'c' }, storageClassName: 's', volumeMode: 'Block' }),
      [
        `${at}.inlineVolumeSpec.claimRef: Forbidden: ${detail}`,
        `${at}.inlineVolumeSpec.capacity: Forbidden: ${detail}`,
        `${at}.inlineVolumeSpec.storageClassName: Forbidden: ${detail}`,
        `${at}.inlineVolumeSpec.volumeMode: Forbidden: may not specify volumeMode other than Filesystem in the context of inline volumes`,
      ],
    ],
  ]);
  checkPart(t, kind, [
    [{}, { status: { attached: true } }, []],
    [
      {},
      {
        status: {
          attached: false,
          attachmentMetadata: { a: 'x'.repeat(262_144) },
          attachError: { message: 'x'.repeat(1025), errorCode: -1 },
        },
      },
      [
        'status.attachmentMetadata: Too long: may not be more than 262144 bytes',
        'status.attachError.message: Too long: may not be more than 262144 bytes',
        'status.attachError.errorCode: Invalid value: -1: must be between 0 and 2147483647, inclusive',
      ],
    ],
  ]);
});

test('drivers of volumes', (t) => {
  const node = storage('CSINode');
  const drivers = (...list: Json[]): Json => ({ spec: { drivers: list } });
  const driver = { name: 'd', nodeID: 'n', topologyKeys: [] };
  checkNew(t, node, [
    [drivers(driver), []],
    [drivers({}), ['spec.drivers[0].name: Required value', 'spec.drivers[0].nodeID: Required value']],
    [drivers(driver, driver), ['spec.drivers[1].name: Duplicate value: "d"']],
    [drivers({ ...driver, name: 'D' }), [/^spec\.drivers\[0\]\.name: Invalid value: "D"/]],
    [drivers({ ...driver, nodeID: 'x'.repeat(257) }), [/nodeID: Invalid value: .*: must be 256 characters or less$/]],
    [
      drivers({ ...driver, allocatable: { count: -1 } }),
      ['spec.drivers[0].allocatable.count: Invalid value: -1: must be greater than or equal to 0'],
    ],
    [
      drivers({ ...driver, topologyKeys: ['a', 'a', ''] }),
      [
        'spec.drivers[0]: Duplicate value: "a"',
        'spec.drivers[0]: Required value',
        /non-empty$/,
        /name part must consist/,
      ],
    ],
  ]);
  checkChange(t, node, [
    [drivers(driver), drivers({ ...driver, allocatable: { count: 2 } }), []],
    [drivers(driver), drivers({ ...driver, nodeID: 'm' }), [/^spec\.drivers: Invalid value: .*: field is immutable$/]],
  ]);
  const csi = storage('CSIDriver');
  checkNew(t, csi, [
    [{ spec: {} }, []],
    [
      {
        spec: {
          tokenRequests: [
            { audience: 'a' },
            { audience: 'a' },
            { audience: 'b', expirationSeconds: 9 },
            { audience: 'c', expirationSeconds: 2 ** 33 },
          ],
        },
      },
      [
        'spec.tokenRequests[1].audience: Duplicate value: "a"',
        'spec.tokenRequests[2].expirationSeconds: Invalid value: 9: may not specify a duration less than 10 minutes',
        'spec.tokenRequests[3].expirationSeconds: Invalid value: 8589934592: may not specify a duration larger than 2^32 seconds',
      ],
    ],
    [
      { spec: { nodeAllocatableUpdatePeriodSeconds: 5 } },
      ['spec.nodeAllocatableUpdatePeriodSeconds: Invalid value: 5: must be greater than or equal to 10 seconds'],
    ],
    [
      { spec: { fsGroupPolicy: 'X' } },
      ['spec.fsGroupPolicy: Unsupported value: "X": supported values: "File", "None", "ReadWriteOnceWithFSType"'],
    ],
    [
      { spec: { volumeLifecycleModes: ['X'] } },
      ['spec.volumeLifecycleModes: Unsupported value: "X": supported values: "Persistent", "Ephemeral"'],
    ],
  ]);
  checkChange(t, csi, [
    [
      { spec: { attachRequired: true } },
      { spec: { attachRequired: false } },
      ['spec.attachedRequired: Invalid value: false: field is immutable'],
    ],
  ]);
  const capacity: Kind = { apiVersion: 'storage.k8s.io/v1', kind: 'CSIStorageCapacity' };
  checkNew(t, capacity, [
    [{ storageClassName: 'a', capacity: '1Gi' }, []],
    [
      { storageClassName: 'A', capacity: '-1' },
      [/^storageClassName: Invalid value: "A"/, 'capacity: Invalid value: "-1": must be greater than or equal to 0'],
    ],
    [
      { storageClassName: 'a', nodeTopology: { matchLabels: { a: '-' } } },
      [/^nodeTopology\.matchLabels: Invalid value: "-"/],
    ],
  ]);
  checkChange(t, capacity, [
    [
      { storageClassName: 'a' },
      { storageClassName: 'b', nodeTopology: {} },
      [
        'nodeTopology: Invalid value: {}: field is immutable',
        'storageClassName: Invalid value: "b": field is immutable',
      ],
    ],
  ]);
});
