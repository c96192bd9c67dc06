import test from 'ava';
import { type Case, checkCases, type Json, podOf, under } from './support.ts';

const at = under('spec.volumes[0].');
const ofVolume = (source: Json) => podOf({ serviceAccountName: 's', volumes: [{ name: 'v', ...source }] });
const modeText = 'must be a number between 0 and 0777 (octal), both inclusive';

test('volumes', (t) => {
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } };
  const ephemeral = { volumeClaimTemplate: { spec: claim } };
  checkCases(t, (change) => podOf(change), [
    [{ volumes: [{ name: 'v' }] }],
    [{ volumes: [{ name: 'v' }, { name: 'v' }] }, 'spec.volumes[1].name: Duplicate value: "v"'],
    [{ volumes: [{ emptyDir: {} }] }, 'spec.volumes[0].name: Required value'],
    [{ volumes: [{ name: 'a.b' }] }, 'spec.volumes[0].name: Invalid value: "a.b": must not contain dots'],
    // What is wrong can't be mounted either.
    [
      {
        volumes: [{ name: 'v', nfs: { path: '/' } }],
        containers: [{ name: 'c', image: 'i', volumeMounts: [{ name: 'v', mountPath: '/v' }] }],
      },
      'spec.volumes[0].nfs.server: Required value',
      'spec.containers[0].volumeMounts[0].name: Not found: "v"',
    ],
    [
      {
        volumes: [
          { name: 'e', ephemeral },
          { name: 'v', persistentVolumeClaim: { claimName: 'p-e' } },
        ],
      },
      'spec.volumes[1].persistentVolumeClaim.claimName: Invalid value: "p-e": must not reference a PVC that gets created for an ephemeral volume',
    ],
    [{ volumes: [{ name: 'x'.repeat(63), ephemeral }] }],
    [
      { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
      'spec.volumes[0].projected.sources[0].serviceAccountToken: Forbidden: must not be specified when serviceAccountName is not set',
    ],
  ]);
  checkCases(t, ofVolume, [
    [{ ephemeral }],
    [{ ephemeral: {} }, ...at('ephemeral.volumeClaimTemplate: Required value')],
    [
      { ephemeral: { volumeClaimTemplate: { metadata: { name: 'n', labels: { a: 'b' } }, spec: claim } } },
      ...at('ephemeral.volumeClaimTemplate.metadata.name: Forbidden: cannot be set'),
    ],
    [
      { ephemeral: { volumeClaimTemplate: { spec: { ...claim, accessModes: [] } } } },
      ...at('ephemeral.volumeClaimTemplate.spec.accessModes: Required value: at least 1 access mode is required'),
    ],
  ]);
});

test('one source each', (t) => {
  checkCases(t, ofVolume, [
    [{ hostPath: { path: '/' }, emptyDir: {} }, ...at('hostPath: Forbidden: may not specify more than 1 volume type')],
    [
      { downwardAPI: {}, cephfs: {}, emptyDir: {} },
      ...at('cephFS: Forbidden: may not specify more than 1 volume type'),
      ...at('downwarAPI: Forbidden: may not specify more than 1 volume type'),
    ],
  ]);
});

test('files from objects', (t) => {
  const items = (...list: Json[]): Json => ({ configMap: { name: 'c', items: list } });
  checkCases(t, ofVolume, [
    [items({ key: 'k', path: 'a/b', mode: 0o400 })],
    [{ configMap: {} }, ...at('configMap.name: Required value')],
    [{ secret: {} }, ...at('secret.secretName: Required value')],
    [{ secret: { secretName: 's', defaultMode: 512 } }, ...at(`secret.defaultMode: Invalid value: 512: ${modeText}`)],
    [
      items({ key: 'k', path: '/p' }, { mode: -1 }),
      ...at('configMap.items[0].path: Invalid value: "/p": must be a relative path'),
      ...at('configMap.items[1].key: Required value'),
      ...at('configMap.items[1].path: Required value'),
      ...at(`configMap.items[1].mode: Invalid value: -1: ${modeText}`),
    ],
    [items({ key: 'k', path: '../p' }), ...at(`configMap.items[0].path: Invalid value: "../p": must not contain '..'`)],
    [
      items({ key: 'k', path: '..p' }),
      ...at(`configMap.items[0].path: Invalid value: "..p": must not start with '..'`),
    ],
  ]);
});

test('files of what is known about the pod', (t) => {
  const file = (parts: Json): Json => ({ downwardAPI: { items: [{ path: 'f', ...parts }] } });
  const labels = { fieldRef: { fieldPath: 'metadata.labels' } };
  checkCases(t, ofVolume, [
    [file(labels)],
    [file({ resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } })],
    [file({}), ...at('downwardAPI: Required value: one of fieldRef and resourceFieldRef is required')],
    [file({ ...labels, path: '' }), ...at('downwardAPI.path: Required value')],
    [file({ ...labels, mode: 512 }), ...at(`downwardAPI.mode: Invalid value: 512: ${modeText}`)],
    [
      file({ resourceFieldRef: { resource: 'limits.cpu' } }),
      ...at('downwardAPI.resourceFieldRef.containerName: Required value'),
    ],
    [
      file({ ...labels, resourceFieldRef: { containerName: 'c', resource: 'limits.cpu' } }),
      ...at(
        'downwardAPI: Invalid value: "resource": fieldRef and resourceFieldRef can not be specified simultaneously',
      ),
    ],
    [
      file({ fieldRef: { fieldPath: 'spec.nodeName' } }),
      ...at(
        'downwardAPI.fieldRef.fieldPath: Unsupported value: "spec.nodeName": supported values: "metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace", "metadata.uid"',
      ),
    ],
  ]);
});

test('projected volumes', (t) => {
  const sources = (...list: Json[]): Json => ({ projected: { sources: list } });
  const token = (parts: Json): Json => sources({ serviceAccountToken: { path: 't', ...parts } });
  checkCases(t, ofVolume, [
    [sources({ secret: { name: 's' } }, { configMap: { name: 'c' } }, { serviceAccountToken: { path: 't' } })],
    [sources({ secret: {} }), ...at('projected.sources[0].secret.name: Required value')],
    [
      sources(
        { secret: { name: 's', items: [{ key: 'k', path: 'p' }] } },
        { configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } },
      ),
      ...at('projected: Invalid value: "c": conflicting duplicate paths'),
    ],
    [
      sources({ secret: { name: 's' }, configMap: { name: 'c' } }),
      ...at('projected.sources[0]: Forbidden: may not specify more than 1 volume type per source'),
    ],
    [
      token({ expirationSeconds: 599 }),
      ...at(
        'projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 599: may not specify a duration less than 10 minutes',
      ),
    ],
    [
      token({ expirationSeconds: 2 ** 32 + 1 }),
      ...at(
        'projected.sources[0].serviceAccountToken.expirationSeconds: Invalid value: 4294967297: may not specify a duration larger than 2^32 seconds',
      ),
    ],
    [token({ path: '' }), ...at('projected.path: Required value')],
    [token({ path: '/t' }), ...at('projected.path: Invalid value: "/t": must be a relative path')],
    [{ projected: { defaultMode: 512 } }, ...at(`projected.defaultMode: Invalid value: 512: ${modeText}`)],
  ]);
});

test('types of volumes', (t) => {
  const iqn = 'iqn.2001-04.com.example:storage.kube.sys1.xyz';
  const iscsi = (parts: Json): Json => ({ iscsi: { targetPortal: '127.0.0.1', iqn, lun: 1, ...parts } });
  const azure = { diskName: 'd', diskURI: 'https://a/b' };
  const cases: Case[] = [
    [{ emptyDir: { sizeLimit: '1Gi', medium: 'Memory' } }],
    [
      { emptyDir: { sizeLimit: '-1' } },
      ...at('emptyDir.sizeLimit: Forbidden: SizeLimit field must be a valid resource quantity'),
    ],
    [{ hostPath: {} }, ...at('hostPath.path: Required value')],
    [{ hostPath: { path: '/a/../b' } }, ...at(`hostPath.path: Invalid value: "/a/../b": must not contain '..'`)],
    [
      { hostPath: { path: '/a', type: 'Pipe' } },
      ...at(
        'hostPath.type: Unsupported value: "Pipe": supported values: "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"',
      ),
    ],
    [
      { gitRepo: { directory: '/d' } },
      ...at('gitRepo.repository: Required value'),
      ...at('gitRepo.directory: Invalid value: "/d": must be a relative path'),
    ],
    [
      { gcePersistentDisk: { partition: 256 } },
      ...at('persistentDisk.pdName: Required value'),
      ...at('persistentDisk.partition: Invalid value: 256: must be between 1 and 255, inclusive'),
    ],
    [{ awsElasticBlockStore: {} }, ...at('awsElasticBlockStore.volumeID: Required value')],
    [{ nfs: { server: 's', path: 'x' } }, ...at('nfs.path: Invalid value: "x": must be an absolute path')],
    [iscsi({})],
    [iscsi({ iqn: '' }), ...at('iscsi.iqn: Required value')],
    [iscsi({ iqn: 'x' }), ...at('iscsi.iqn: Invalid value: "x": must be valid format starting with iqn, eui, or naa')],
    [iscsi({ iqn: 'eui.1' }), ...at('iscsi.iqn: Invalid value: "eui.1": must be valid format')],
    [iscsi({ lun: 256 }), ...at('iscsi.lun: Invalid value: 256: must be between 0 and 255, inclusive')],
    [iscsi({ chapAuthSession: true }), ...at('iscsi.secretRef: Required value')],
    [iscsi({ initiatorName: 'naa.1' }), ...at('iscsi.initiatorname: Invalid value: "naa.1": must be valid format')],
    [
      iscsi({ initiatorName: iqn, targetPortal: 'p'.repeat(63) }),
      ...at(
        'name: Invalid value: "v": Total length of <volume name>:<iscsi.targetPortal> must be under 64 characters if iscsi.initiatorName is specified.',
      ),
    ],
    [{ glusterfs: {} }, ...at('glusterfs.endpoints: Required value', 'glusterfs.path: Required value')],
    [{ flocker: {} }, ...at('flocker: Required value: one of datasetName and datasetUUID is required')],
    [{ flocker: { datasetName: 'a/b' } }, ...at(`flocker.datasetName: Invalid value: "a/b": must not contain '/'`)],
    [{ persistentVolumeClaim: {} }, ...at('persistentVolumeClaim.claimName: Required value')],
    [{ rbd: {} }, ...at('rbd.monitors: Required value', 'rbd.image: Required value')],
    [{ cinder: { secretRef: {} } }, ...at('cinder.volumeID: Required value', 'cinder.secretRef.name: Required value')],
    [{ cephfs: {} }, ...at('cephfs.monitors: Required value')],
    [
      { quobyte: { registry: 'a', volume: 'v' } },
      ...at('quobyte.registry: Invalid value: "a": must be a host:port pair or multiple pairs separated by commas'),
    ],
    [{ quobyte: { registry: 'a:1,b:2', volume: 'v' } }],
    [{ fc: {} }, ...at('fc.targetWWNs: Required value: must specify either targetWWNs or wwids, but not both')],
    [{ fc: { targetWWNs: ['w'] } }, ...at('fc.lun: Required value: lun is required if targetWWNs is specified')],
    [
      { fc: { targetWWNs: ['w'], wwids: ['w'], lun: 0 } },
      ...at('fc.targetWWNs: Invalid value: ["w"]: targetWWNs and wwids can not be specified simultaneously'),
    ],
    [
      { flexVolume: { driver: 'd', options: { 'a.k8s.io/x': '1' } } },
      ...at(
        'flexVolume.options[a.k8s.io/x]: Invalid value: "a.k8s.io/x": kubernetes.io and k8s.io namespaces are reserved',
      ),
    ],
    [{ azureFile: {} }, ...at('azureFile.secretName: Required value', 'azureFile.shareName: Required value')],
    [{ vsphereVolume: {} }, ...at('vsphereVolume.volumePath: Required value')],
    [{ photonPersistentDisk: {} }, ...at('photonPersistentDisk.pdID: Required value')],
    [{ portworxVolume: {} }, ...at('portworxVolume.volumeID: Required value')],
    [{ azureDisk: azure }],
    [
      { azureDisk: { ...azure, kind: 'Managed' } },
      ...at(
        'azureDisk.diskURI: Unsupported value: "https://a/b": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"',
      ),
    ],
    [
      { azureDisk: { ...azure, cachingMode: 'Much' } },
      ...at('azureDisk.cachingMode: Unsupported value: "Much": supported values: "None", "ReadOnly", "ReadWrite"'),
    ],
    [{ storageos: {} }, ...at('storageos.volumeName: Required value')],
    [
      { scaleIO: {} },
      ...at('scaleIO.gateway: Required value', 'scaleIO.system: Required value', 'scaleIO.volumeName: Required value'),
    ],
    [{ csi: { driver: 'Example.com' } }],
    [{ csi: { driver: 'a b' } }, /csi\.driver: Invalid value: "a b": a lowercase RFC 1123 subdomain/],
    [{ csi: { driver: 'd', nodePublishSecretRef: {} } }, ...at('csi.nodePublishSecretRef.name: Required value')],
    [{ image: { reference: 'i' } }],
    [{ image: {} }, ...at('image.reference: Required value')],
    [
      { image: { reference: 'i', pullPolicy: 'Now' } },
      ...at('image.pullPolicy: Unsupported value: "Now": supported values: "Always", "IfNotPresent", "Never"'),
    ],
  ];
  checkCases(t, ofVolume, cases);
});
