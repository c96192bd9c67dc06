import test from 'ava';
import { checkCases, type Json, podOf, under } from './support.ts';

const podWith = (spec: Json) => podOf(spec);
const needed = 'requiredDuringSchedulingIgnoredDuringExecution';
const wanted = 'preferredDuringSchedulingIgnoredDuringExecution';

test('tolerations', (t) => {
  const at = under('spec.tolerations[0].');
  checkCases(t, (toleration) => podOf({ tolerations: [toleration] }), [
    [{ operator: 'Exists' }],
    [{ key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: 1 }],
    [
      { value: 'b' },
      ...at(
        'operator: Invalid value: "": operator must be Exists when `key` is empty, which means "match all values and all keys"',
      ),
    ],
    [
      { key: 'a', operator: 'Exists', value: 'b' },
      ...at(`operator: Invalid value: "b": value must be empty when \`operator\` is 'Exists'`),
    ],
    [
      { key: 'a', tolerationSeconds: 1 },
      ...at(`effect: Invalid value: "": effect must be 'NoExecute' when \`tolerationSeconds\` is set`),
    ],
    [{ key: 'a', value: '-' }, /operator: Invalid value: "-": a valid label must be/],
    [{ key: 'a', operator: 'Gt' }, ...at('operator: Unsupported value: "Gt": supported values: "Equal", "Exists"')],
    [{ key: '-', operator: 'Exists' }, /tolerations\[0\]\.key: Invalid value: "-"/],
    [
      { key: 'a', effect: 'Never' },
      ...at('effect: Unsupported value: "Never": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"'),
    ],
  ]);
});

test('affinity to nodes', (t) => {
  const path = `spec.affinity.nodeAffinity.${needed}.nodeSelectorTerms`;
  const at = under(`${path}[0].matchExpressions[0].`);
  const fields = under(`${path}[0].matchFields[0].`);
  const terms = (...nodeSelectorTerms: Json[]) =>
    podOf({ affinity: { nodeAffinity: { [needed]: { nodeSelectorTerms } } } });
  checkCases(t, (expression) => terms({ matchExpressions: [expression] }), [
    [{ key: 'a', operator: 'In', values: ['b'] }],
    [{ key: 'a', operator: 'Gt', values: ['1'] }],
    [
      { key: 'a', operator: 'In' },
      ...at(`values: Required value: must be specified when \`operator\` is 'In' or 'NotIn'`),
    ],
    [
      { key: 'a', operator: 'Exists', values: ['b'] },
      ...at(`values: Forbidden: may not be specified when \`operator\` is 'Exists' or 'DoesNotExist'`),
    ],
    [
      { key: 'a', operator: 'Gt' },
      ...at(`values: Required value: must be specified single value when \`operator\` is 'Lt' or 'Gt'`),
    ],
    [{ key: 'a', operator: 'Near' }, ...at('operator: Invalid value: "Near": not a valid selector operator')],
    [{ key: '-', operator: 'Exists' }, /matchExpressions\[0\]\.key: Invalid value: "-"/],
    [{ key: 'a', operator: 'In', values: ['-'] }, /matchExpressions\[0\]\.values\[0\]: Invalid value: "-"/],
  ]);
  checkCases(t, (field) => terms({ matchFields: [field] }), [
    [{ key: 'metadata.name', operator: 'In', values: ['n'] }],
    [
      { key: 'metadata.name', operator: 'In', values: ['n', 'o'] },
      ...fields(
        `values: Required value: must be only one value when \`operator\` is 'In' or 'NotIn' for node field selector`,
      ),
    ],
    [
      { key: 'metadata.uid', operator: 'Exists' },
      ...fields('operator: Invalid value: "Exists": not a valid selector operator'),
      ...fields('key: Invalid value: "metadata.uid": not a valid field selector key'),
    ],
  ]);
  checkCases(t, podWith, [
    [
      { affinity: { nodeAffinity: { [needed]: {} } } },
      `${path}: Required value: must have at least one node selector term`,
    ],
    // What is only wished for may be impossible.
    [
      {
        affinity: {
          nodeAffinity: {
            [wanted]: [
              { weight: 1, preference: { matchExpressions: [{ key: 'a', operator: 'In', values: ['-'] }] } },
              { weight: 101, preference: {} },
            ],
          },
        },
      },
      `spec.affinity.nodeAffinity.${wanted}[1].weight: Invalid value: 101: must be in the range 1-100`,
    ],
  ]);
});

test('affinity to pods', (t) => {
  const at = under(`spec.affinity.podAffinity.${needed}[0].`);
  const labelSelector = { matchLabels: { app: 'a' } };
  checkCases(t, (term) => podOf({ affinity: { podAffinity: { [needed]: [term] } } }), [
    [{ topologyKey: 'k', labelSelector, matchLabelKeys: ['x'], mismatchLabelKeys: ['y'] }],
    [
      {},
      ...at('topologyKey: Required value: can not be empty'),
      /topologyKey: .*non-empty/,
      /topologyKey: .*must consist/,
    ],
    [{ topologyKey: '-' }, /topologyKey: Invalid value: "-"/],
    [{ topologyKey: 'k', namespaces: ['A'] }, /\[0\]\.namespace: Invalid value: "A"/],
    [
      { topologyKey: 'k', labelSelector: { matchLabels: { a: '-' } } },
      /labelSelector\.matchLabels: Invalid value: "-"/,
    ],
    [
      { topologyKey: 'k', namespaceSelector: { matchExpressions: [{ key: 'a', operator: 'Near' }] } },
      ...at('namespaceSelector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator'),
    ],
    [
      { topologyKey: 'k', matchLabelKeys: ['x'] },
      ...at('matchLabelKeys: Forbidden: must not be specified when labelSelector is not set'),
    ],
    [
      { topologyKey: 'k', labelSelector, matchLabelKeys: ['x'], mismatchLabelKeys: ['x'] },
      ...at('matchLabelKeys[0]: Invalid value: "x": exists in both matchLabelKeys and mismatchLabelKeys'),
    ],
    [{ topologyKey: 'k', labelSelector, matchLabelKeys: ['-'] }, /matchLabelKeys\[0\]: Invalid value: "-"/],
    [
      {
        topologyKey: 'k',
        labelSelector: { ...labelSelector, matchExpressions: [{ key: 'app', operator: 'Exists' }] },
        matchLabelKeys: ['app'],
      },
      `spec.affinity.podAffinity.${needed}[0][0]: Invalid value: "app": exists in both matchLabelKeys and labelSelector`,
    ],
  ]);
  const term = { podAffinityTerm: { topologyKey: 'k' } };
  checkCases(t, podWith, [
    [
      { affinity: { podAntiAffinity: { [wanted]: [{ weight: 0, ...term }] } } },
      `spec.affinity.podAntiAffinity.${wanted}[0].weight: Invalid value: 0: must be in the range 1-100`,
    ],
  ]);
});

test('spread', (t) => {
  const at = under('spec.topologySpreadConstraints[0].');
  const valid = { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'DoNotSchedule' };
  const spread = (...topologySpreadConstraints: Json[]) => podOf({ topologySpreadConstraints });
  checkCases(t, (change) => spread({ ...valid, ...change }), [
    [{ minDomains: 2, nodeTaintsPolicy: 'Honor', labelSelector: {}, matchLabelKeys: ['x'] }],
    [{ maxSkew: 0 }, ...at('maxSkew: Invalid value: 0: must be greater than zero')],
    [{ topologyKey: '' }, ...at('topologyKey: Required value: can not be empty')],
    [
      { whenUnsatisfiable: 'Cry' },
      ...at('whenUnsatisfiable: Unsupported value: "Cry": supported values: "DoNotSchedule", "ScheduleAnyway"'),
    ],
    [{ minDomains: 0 }, ...at('minDomains: Invalid value: 0: must be greater than zero')],
    [
      { minDomains: 1, whenUnsatisfiable: 'ScheduleAnyway' },
      ...at(
        'minDomains: Invalid value: 1: can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
      ),
    ],
    [
      { nodeAffinityPolicy: 'Some' },
      ...at('nodeAffinityPolicy: Unsupported value: "Some": supported values: "Honor", "Ignore"'),
    ],
    [
      { matchLabelKeys: ['x'] },
      ...at('matchLabelKeys: Forbidden: must not be specified when labelSelector is not set'),
    ],
    [
      { labelSelector: { matchExpressions: [{ key: '-', operator: 'Near', values: ['-'] }] } },
      ...at('labelSelector.matchExpressions[0].operator: Invalid value: "Near": not a valid selector operator'),
      /matchExpressions\[0\]\.key: Invalid value: "-"/,
      /matchExpressions\[0\]\.values\[0\]: Invalid value: "-"/,
    ],
  ]);
  checkCases(t, () => spread(valid, { ...valid, maxSkew: 2 }), [
    [{}, ...at('{topologyKey, whenUnsatisfiable}: Duplicate value: "{zone, DoNotSchedule}"')],
  ]);
});
