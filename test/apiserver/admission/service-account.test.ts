import test from 'ava';
import { builtInScheme, findResource, type ResourceType, type UnstructuredObject } from '../../../src/api/index.ts';
import { type AdmissionAttributes, serviceAccount } from '../../../src/apiserver/admission/index.ts';
import type { StateReader } from '../../../src/apiserver/registry/index.ts';
import { seededRandom } from '../../../src/base/index.ts';

const PATH = '/var/run/secrets/kubernetes.io/serviceaccount';

/** A state that knows the one account, `bot`. */
function stateWith(account: object): StateReader {
  return {
    scheme: builtInScheme,
    lookup: (_type, _namespace, name) =>
      name === 'bot' ? { key: '', revision: 1, object: account as UnstructuredObject } : undefined,
    all: () => [],
    fresh: async () => {},
  };
}

// biome-ignore lint/suspicious/noExplicitAny: pods are looked into.
async function admitted(spec: object, account: object = {}, annotations?: Record<string, string>): Promise<any> {
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', ...(annotations ? { annotations } : {}) },
    spec,
  };
  await serviceAccount(stateWith(account), seededRandom(5)).admit!({
    operation: 'CREATE',
    type: findResource('', 'v1', 'pods') as ResourceType,
    namespace: 'default',
    name: 'p',
    object,
  } as unknown as AdmissionAttributes);
  return object.spec;
}

const container = (volumeMounts?: object[]) => ({
  name: 'c',
  image: 'host',
  ...(volumeMounts ? { volumeMounts } : {}),
});

test('all containers find the token, in one volume', async (t) => {
  const spec = await admitted({ serviceAccountName: 'bot', initContainers: [container()], containers: [container()] });
  t.is(spec.volumes.length, 1);
  const { name, projected } = spec.volumes[0];
  t.regex(name, /^kube-api-access-[a-z0-9]{5}$/);
  for (const { volumeMounts } of [...spec.initContainers, ...spec.containers]) {
    t.deepEqual(volumeMounts, [{ name, readOnly: true, mountPath: PATH }]);
  }
  t.deepEqual(projected, {
    defaultMode: 420,
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
      {
        downwardAPI: {
          items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }],
        },
      },
    ],
  });
});

test('a volume that is there already is used; what is mounted in its place stays', async (t) => {
  const volumes = [{ name: 'kube-api-access-mine1', emptyDir: {} }];
  const own = [{ name: 'other', mountPath: PATH }];
  const spec = await admitted({ serviceAccountName: 'bot', volumes, containers: [container(own), container()] });
  t.is(spec.volumes.length, 1);
  t.deepEqual(spec.containers[0].volumeMounts, own);
  t.is(spec.containers[1].volumeMounts[0].name, 'kube-api-access-mine1');
  const none = await admitted({ serviceAccountName: 'bot', containers: [container(own)] });
  t.is(none.volumes, undefined);
});

test('the pod has the last word on whether it wants a token, then the account', async (t) => {
  const mounts = async (pod?: boolean, account?: boolean): Promise<boolean> => {
    const spec = await admitted(
      {
        serviceAccountName: 'bot',
        containers: [container()],
        ...(pod === undefined ? {} : { automountServiceAccountToken: pod }),
      },
      account === undefined ? {} : { automountServiceAccountToken: account },
    );
    return spec.volumes !== undefined;
  };
  t.true(await mounts());
  t.false(await mounts(false));
  t.false(await mounts(undefined, false));
  t.true(await mounts(true, false));
});

test('secrets to pull images with come from the account, unless the pod names some', async (t) => {
  const account = { imagePullSecrets: [{ name: 'registry' }] };
  const from = async (imagePullSecrets?: object[]) =>
    (
      await admitted(
        { serviceAccountName: 'bot', containers: [container()], ...(imagePullSecrets ? { imagePullSecrets } : {}) },
        account,
      )
    ).imagePullSecrets;
  t.deepEqual(await from(), [{ name: 'registry' }]);
  t.deepEqual(await from([{ name: 'own' }]), [{ name: 'own' }]);
});

test('what a node makes up of pods it runs by itself gives it no secrets', async (t) => {
  const mirror = { 'kubernetes.io/config.mirror': 'x' };
  const refused: [object, RegExp][] = [
    [{ serviceAccountName: 'bot' }, /may not reference service accounts/],
    [{ volumes: [{ name: 'v', secret: { secretName: 's' } }] }, /may not reference secrets/],
    [{ volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's' } }] } }] }, /may not reference secrets/],
    [
      { volumes: [{ name: 'v', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }] },
      /may not use service account token volume projections/,
    ],
  ];
  for (const [spec, message] of refused) {
    await t.throwsAsync(admitted({ containers: [container()], ...spec }, {}, mirror), { message });
  }
  t.is((await admitted({ containers: [container()] }, {}, mirror)).serviceAccountName, undefined);
});
