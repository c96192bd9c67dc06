import test from 'ava';
import { checkChange, checkNew, type Json, type Kind } from './support/validation.ts';

const claimKind: Kind = { apiVersion: 'v1', kind: 'PersistentVolumeClaim' };
const volumeKind: Kind = { apiVersion: 'v1', kind: 'PersistentVolume', cluster: true };
const classKind: Kind = { apiVersion: 'storage.k8s.io/v1', kind: 'StorageClass', cluster: true };

const claim = (spec: Json = {}, status: Json = {}): Json => ({
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, ...spec },
  status,
});
const sized = (storage: string, status: Json = {}): Json => claim({ resources: { requests: { storage } } }, status);
const volume = (spec: Json = {}): Json => ({
  spec: { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/a' }, ...spec },
});

test('persistent volume claims', (t) => {
  checkNew(t, claimKind, [
    [claim(), []],
    [
      { spec: {} },
      [
        'spec.accessModes: Required value: at least 1 access mode is required',
        'spec.resources[storage]: Required value',
      ],
    ],
    [
      claim({ accessModes: ['ReadWriteSometimes'] }),
      [
        'spec.accessModes: Unsupported value: "ReadWriteSometimes": supported values: "ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"',
      ],
    ],
    [
      claim({ accessModes: ['ReadWriteOncePod', 'ReadWriteMany'] }),
      ['spec.accessModes: Forbidden: may not use ReadWriteOncePod with other access modes'],
    ],
    [sized('0'), ['spec.resources[storage]: Invalid value: "0": must be greater than zero']],
    [claim({ storageClassName: 'A' }), [/^spec\.storageClassName: Invalid value: "A"/]],
    [
      claim({ volumeMode: 'Tape' }),
      ['spec.volumeMode: Unsupported value: "Tape": supported values: "Block", "Filesystem"'],
    ],
    [
      claim({ dataSource: { kind: 'Snapshot', name: 's' } }),
      [
        `spec.dataSource: Invalid value: "Snapshot": must be 'PersistentVolumeClaim' when referencing the default apiGroup`,
      ],
    ],
  ]);
});

test('claims that are made for a pod', (t) => {
  const pod = (ephemeral: Json): Json => ({
    spec: { containers: [{ name: 'c', image: 'i' }], volumes: [{ name: 'v', ephemeral }] },
  });
  const at = 'spec.volumes[0].ephemeral.volumeClaimTemplate';
  checkNew(t, { apiVersion: 'v1', kind: 'Pod' }, [
    [pod({ volumeClaimTemplate: { spec: claim()['spec'] } }), []],
    [pod({}), [`${at}: Required value`]],
    [pod({ volumeClaimTemplate: { spec: sized('-1')['spec'] } }), [/resources\[storage\].*must be greater than zero$/]],
  ]);
});

test('changes of claims', (t) => {
  const bound = { phase: 'Bound', capacity: { storage: '2Gi' } };
  const fixed = (...lines: string[]): string =>
    [
      'spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims',
      '  core.PersistentVolumeClaimSpec{',
      ...lines,
      '  }',
      '',
    ].join('\n');
  const small = 'spec.resources.requests.storage: Forbidden: field can not be less than status.capacity';
  checkChange(t, claimKind, [
    [claim(), claim({ volumeName: 'v' }), []],
    [
      claim({ volumeName: 'v' }),
      claim({ volumeName: 'w' }),
      [fixed('  \t... // 3 identical fields', '- \tVolumeName: "v",', '+ \tVolumeName: "w",')],
    ],
    [claim(), claim({ storageClassName: 'a' }), []],
    [
      claim({ storageClassName: 'a' }),
      claim({ storageClassName: 'b' }),
      [/\n- \tStorageClassName: "a",\n\+ \tStorageClassName: "b",\n/],
    ],
    [claim(), claim({ accessModes: ['ReadWriteMany'] }), [/\n- \t\t0?.*"ReadWriteOnce",\n\+ .*"ReadWriteMany",\n/]],
    [claim(), sized('2Gi'), [/\n- .*"1Gi",\n\+ .*"2Gi",\n/]],
    [sized('2Gi', bound), sized('3Gi', bound), []],
    [sized('4Gi', bound), sized('3Gi', bound), []],
    [sized('4Gi', bound), sized('2Gi', bound), [small]],
    [claim(), claim({ volumeAttributesClassName: 'fast' }), []],
  ]);
});

test('persistent volumes', (t) => {
  checkNew(t, volumeKind, [
    [volume(), []],
    [
      { spec: { hostPath: { path: '/a' } } },
      [
        'spec.accessModes: Required value',
        'spec.capacity: Required value',
        'spec.capacity: Unsupported value: {}: supported values: "storage"',
      ],
    ],
    [volume({ hostPath: undefined }), ['spec: Required value: must specify a volume type']],
    [volume({ nfs: { server: 's', path: '/' } }), ['spec.nfs: Forbidden: may not specify more than 1 volume type']],
    [
      volume({ hostPath: undefined, local: { path: '/a' } }),
      ['spec.nodeAffinity: Required value: Local volume requires node affinity'],
    ],
    [
      volume({ hostPath: { path: '/' }, persistentVolumeReclaimPolicy: 'Recycle' }),
      ["spec.persistentVolumeReclaimPolicy: Forbidden: may not be 'recycle' for a hostPath mount of '/'"],
    ],
  ]);
  checkChange(t, volumeKind, [
    [volume(), volume({ persistentVolumeReclaimPolicy: 'Delete' }), []],
    [
      volume(),
      volume({ hostPath: { path: '/b' } }),
      [
        /^spec\.persistentvolumesource: Forbidden: spec\.persistentvolumesource is immutable after creation\n {2}core\.PersistentVolumeSource\{\n[\s\S]*\n- .*"\/a",\n\+ .*"\/b",\n/,
      ],
    ],
    [volume(), volume({ volumeMode: 'Block' }), ['volumeMode: Invalid value: "Block": field is immutable']],
  ]);
});

test('classes of storage, and who attaches it', (t) => {
  checkNew(t, classKind, [
    [{ provisioner: 'a.b/c' }, []],
    [{}, ['provisioner: Required value']],
    [{ provisioner: 'a b' }, [/^provisioner: Invalid value: "a b"/]],
  ]);
  checkChange(t, classKind, [
    [{ provisioner: 'a' }, { provisioner: 'a', allowVolumeExpansion: true }, []],
    [
      { provisioner: 'a' },
      { provisioner: 'b', parameters: { a: 'b' }, reclaimPolicy: 'Retain', volumeBindingMode: 'WaitForFirstConsumer' },
      [
        'parameters: Forbidden: updates to parameters are forbidden.',
        'provisioner: Forbidden: updates to provisioner are forbidden.',
        'reclaimPolicy: Forbidden: updates to reclaimPolicy are forbidden.',
        'volumeBindingMode: Invalid value: "WaitForFirstConsumer": field is immutable',
      ],
    ],
  ]);
  const attachment: Kind = { apiVersion: 'storage.k8s.io/v1', kind: 'VolumeAttachment', cluster: true };
  const attached = (persistentVolumeName: string): Json => ({
    spec: { attacher: 'a', nodeName: 'n', source: { persistentVolumeName } },
  });
  checkNew(t, attachment, [
    [attached('v'), []],
    [
      { spec: { attacher: 'a', nodeName: 'n', source: {} } },
      ['spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName'],
    ],
  ]);
  checkChange(t, attachment, [[attached('v'), attached('w'), [/^spec: Invalid value: .*: field is immutable$/]]]);
});

test('limits and quotas', (t) => {
  const range: Kind = { apiVersion: 'v1', kind: 'LimitRange' };
  const limit = (item: Json): Json => ({ spec: { limits: [{ type: 'Container', ...item }] } });
  const at = 'spec.limits[0]';
  checkNew(t, range, [
    [limit({ min: { cpu: '100m' }, max: { cpu: '1' } }), []],
    [
      limit({ type: 'PersistentVolumeClaim', min: { storage: '2Gi' }, max: { storage: '1Gi' } }),
      [`${at}.min[storage]: Invalid value: "2Gi": min value 2Gi is greater than max value 1Gi`],
    ],
    [
      limit({ default: { cpu: '500m' }, defaultRequest: { cpu: '800m' } }),
      [
        `${at}.defaultRequest[cpu]: Invalid value: "800m": default request value 800m is greater than default limit value 500m`,
      ],
    ],
    [
      limit({ maxLimitRequestRatio: { cpu: '800m' } }),
      [`${at}.maxLimitRequestRatio[cpu]: Invalid value: "800m": ratio 800m is less than 1`],
    ],
    [
      limit({ type: 'Pod', default: { cpu: '1' } }),
      [`${at}.default: Forbidden: may not be specified when \`type\` is 'Pod'`],
    ],
    [{ spec: { limits: [{ type: 'Pod' }, { type: 'Pod' }] } }, ['spec.limits[1].type: Duplicate value: "Pod"']],
  ]);
  const quota: Kind = { apiVersion: 'v1', kind: 'ResourceQuota' };
  checkNew(t, quota, [
    [{ spec: { hard: { pods: '10', 'requests.cpu': '1500m' } } }, []],
    [{ spec: { hard: { pods: '-1' } } }, ['spec.hard[pods]: Invalid value: "-1": must be greater than or equal to 0']],
    [{ spec: { hard: { pods: '1500m' } } }, ['spec.hard[pods]: Invalid value: "1500m": must be an integer']],
  ]);
  checkChange(t, quota, [
    [
      { spec: { scopes: ['Terminating'] } },
      { spec: { scopes: ['BestEffort'] } },
      ['spec.scopes: Invalid value: ["BestEffort"]: field is immutable'],
    ],
  ]);
});
