import test from 'ava';
import { applyDefaults, fieldErrorText, type KubernetesObject, validate } from '../../../src/api/index.ts';
import { checkCases, compare, container, type Json, podOf, under, updateErrors } from './support.ts';

const at = under('metadata.annotations');
const mirror = 'kubernetes.io/config.mirror';
const appArmor = 'container.apparmor.security.beta.kubernetes.io/c';
const seccomp = 'seccomp.security.alpha.kubernetes.io/pod';

test('annotations that mean something', (t) => {
  const cost = 'controller.kubernetes.io/pod-deletion-cost';
  const tolerations = 'scheduler.alpha.kubernetes.io/tolerations';
  checkCases(t, (annotations) => podOf({}, { annotations }), [
    [
      {
        [cost]: '-5',
        [appArmor]: 'runtime/default',
        [seccomp]: 'localhost/p',
        [tolerations]: '[{"operator":"Exists"}]',
      },
    ],
    [
      { [mirror]: 'x' },
      ...at(`[${mirror}]: Invalid value: "x": must set spec.nodeName if mirror pod annotation is set`),
    ],
    ...['+1', '01', '2147483648', 'x'].map((value): [Json, string] => [
      { [cost]: value },
      at(`[${cost}]: Invalid value: "${value}": must be a 32bit integer`)[0] as string,
    ]),
    [{ [tolerations]: '{' }, /metadata\.annotations: Invalid value: "scheduler\.alpha\.kubernetes\.io\/tolerations"/],
    [{ [tolerations]: '[{}]' }, /tolerations\[0\]\.operator: Invalid value: "": operator must be Exists/],
    [{ [seccomp]: 'mine' }, ...at(`.${seccomp}: Invalid value: "mine": must be a valid seccomp profile`)],
    [{ [appArmor]: 'mine' }, ...at(`[${appArmor}]: Invalid value: "mine": invalid AppArmor profile name: "mine"`)],
    [{ [`${appArmor}x`]: 'unconfined' }, ...at(`[${appArmor}x]: Invalid value: "cx": container not found`)],
  ]);
});

test('annotations that say the same as a field', (t) => {
  const secured = (securityContext: Json, annotations: Json) =>
    podOf({ containers: [{ ...container, securityContext }] }, { annotations });
  const path = 'spec.containers[0].securityContext.';
  const cases: [Json, Json, ...string[]][] = [
    [{ appArmorProfile: { type: 'RuntimeDefault' } }, { [appArmor]: 'runtime/default' }],
    [
      { appArmorProfile: { type: 'Unconfined' } },
      { [appArmor]: 'runtime/default' },
      'appArmorProfile.type: Forbidden: apparmor type in annotation and field must match',
    ],
    [
      { appArmorProfile: { type: 'Localhost', localhostProfile: 'a' } },
      { [appArmor]: 'localhost/b' },
      'appArmorProfile.localhostProfile: Forbidden: apparmor profile in annotation and field must match',
    ],
    [
      { seccompProfile: { type: 'RuntimeDefault' } },
      { 'container.seccomp.security.alpha.kubernetes.io/c': 'unconfined' },
      'seccompProfile.type: Forbidden: seccomp type in annotation and field must match',
    ],
  ];
  for (const [security, annotations, ...expected] of cases) {
    checkCases(t, () => secured(security, annotations), [[security, ...under(path)(...expected)]]);
  }
});

test('annotations that stay', (t) => {
  const pod = (annotations: Json) => podOf({ nodeName: 'n' }, { annotations });
  const cases: [before: Json, after: Json, ...string[]][] = [
    [{ a: 'b' }, { a: 'c' }],
    [{ [mirror]: 'x' }, {}, `[${mirror}]: Forbidden: may not remove or update mirror pod annotation`],
    [{}, { [mirror]: 'x' }, `[${mirror}]: Forbidden: may not add mirror pod annotation`],
    [{}, { [appArmor]: 'unconfined' }, `[${appArmor}]: Forbidden: may not add AppArmor annotations`],
    [{ [appArmor]: '' }, {}, `[${appArmor}]: Forbidden: may not remove or update AppArmor annotations`],
  ];
  for (const [before, after, ...expected] of cases) {
    compare(t, updateErrors(pod(after), pod(before)), at(...expected), JSON.stringify([before, after]));
  }
});

test("a template's metadata is told without the word", (t) => {
  const template = {
    metadata: { labels: { 'a b': 'c' }, annotations: { [appArmor]: 'mine' } },
    spec: { containers: [container] },
  };
  const object = { apiVersion: 'v1', kind: 'PodTemplate', metadata: { name: 'p', namespace: 'd' }, template };
  applyDefaults(object as KubernetesObject);
  const errors = validate(object as KubernetesObject, { group: '', kind: 'PodTemplate', namespaced: true });
  compare(
    t,
    errors.map(fieldErrorText),
    [
      /^template\.labels: Invalid value: "a b": name part must consist of/,
      `template.annotations[${appArmor}]: Invalid value: "mine": invalid AppArmor profile name: "mine"`,
    ],
    'template',
  );
});
