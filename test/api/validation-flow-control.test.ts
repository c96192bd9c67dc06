import test from 'ava';
import { checkNew, checkPart, type Json, type Kind } from './support/validation.ts';

const ofKind = (kind: string): Kind => ({ apiVersion: 'flowcontrol.apiserver.k8s.io/v1', kind, cluster: true });

test('flow schemas', (t) => {
  const kind = ofKind('FlowSchema');
  const user = { kind: 'User', user: { name: 'jane' } };
  const resources = { verbs: ['get'], apiGroups: [''], resources: ['pods'], namespaces: ['*'] };
  const schema = (rule: Json, parts: Json = {}): Json => ({
    spec: {
      priorityLevelConfiguration: { name: 'a' },
      matchingPrecedence: 500,
      rules: [{ subjects: [user], resourceRules: [resources], ...rule }],
      ...parts,
    },
  });
  const by = (subject: Json): Json => schema({ subjects: [subject] });
  const resource = (parts: Json): Json => schema({ resourceRules: [{ ...resources, ...parts }] });
  const urls = (...nonResourceURLs: string[]): Json =>
    schema({ nonResourceRules: [{ verbs: ['*'], nonResourceURLs }] });
  const at = 'spec.rules[0]';
  const verbs = '"create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"';
  checkNew(t, kind, [
    [schema({}), []],
    [schema({}, { matchingPrecedence: -1 }), ['spec.matchingPrecedence: Invalid value: -1: must be a positive value']],
    [
      schema({}, { matchingPrecedence: 10_001 }),
      ['spec.matchingPrecedence: Invalid value: 10001: must not be greater than 10000'],
    ],
    [schema({}, { matchingPrecedence: 1 }), [/only the schema named 'exempt' may have matchingPrecedence 1$/]],
    [
      schema({}, { priorityLevelConfiguration: {} }),
      ['spec.priorityLevelConfiguration.name: Required value: must reference a priority level'],
    ],
    [
      schema({}, { priorityLevelConfiguration: { name: 'A' } }),
      [/^spec\.priorityLevelConfiguration\.name: Invalid value: "A"/],
    ],
    [schema({ subjects: [] }), [`${at}.subjects: Required value: subjects must contain at least one value`]],
    [
      schema({ resourceRules: [] }),
      [`${at}: Required value: at least one of resourceRules and nonResourceRules has to be non-empty`],
    ],
    [
      by({ kind: 'Robot' }),
      [`${at}.subjects[0].kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"`],
    ],
    [
      by({ kind: 'Group', user: { name: 'a' } }),
      [
        `${at}.subjects[0].user: Forbidden: user is forbidden when subject kind is not 'User'`,
        `${at}.subjects[0].group: Required value: group is required when subject kind is 'Group'`,
      ],
    ],
    [
      by({ kind: 'ServiceAccount', serviceAccount: { name: 'A', namespace: '' } }),
      [
        /^spec\.rules\[0\]\.subjects\[0\]\.serviceAccount\.name: Invalid value: "A"/,
        `${at}.subjects[0].serviceAccount.namespace: Required value: must specify namespace for service account`,
      ],
    ],
    [resource({ verbs: [] }), [`${at}.resourceRules[0].verbs: Required value: verbs must contain at least one value`]],
    [resource({ verbs: ['*', 'get'] }), [/if '\*' is present, must not specify other verbs$/]],
    [
      resource({ verbs: ['do'] }),
      [`${at}.resourceRules[0].verbs: Unsupported value: ["do"]: supported values: ${verbs}`],
    ],
    [resource({ apiGroups: [] }), [/apiGroups: Required value: resource rules must supply at least one api group$/]],
    [resource({ apiGroups: ['*', 'a'] }), [/if '\*' is present, must not specify other api groups$/]],
    [resource({ resources: [] }), [/resources: Required value: resource rules must supply at least one resource$/]],
    [resource({ resources: ['*', 'a'] }), [/if '\*' is present, must not specify other resources$/]],
    [resource({ namespaces: [] }), [/resource rules that are not cluster scoped must supply at least one namespace$/]],
    [resource({ namespaces: [], clusterScope: true }), []],
    [resource({ namespaces: ['*', 'a'] }), [/if '\*' is present, must not specify other namespaces$/]],
    [
      resource({ namespaces: ['N'] }),
      [/namespaces\[0\]: Invalid value: "N": each member of this list must be '\*' or a DNS-1123 label; a low/],
    ],
    [urls('/', '/a/*'), []],
    [urls(), [/nonResourceURLs: Required value: nonResourceURLs must contain at least one value$/]],
    [urls('*', '/a'), [/if '\*' is present, must not specify other non-resource URLs$/]],
    [urls('a'), [/: must start with slash$/]],
    [urls('/a b'), [/: must not contain white-space$/]],
    [urls('//'), [/: must not contain double slash$/]],
    [urls('/*/a'), [/: wildcard can only do suffix matching$/]],
  ]);
  const condition = { type: 'Dangling', status: 'False' };
  checkPart(t, kind, [
    [{}, { status: { conditions: [condition] } }, []],
    [
      {},
      { status: { conditions: [condition, condition, {}] } },
      [
        'status.conditions[2].type: Required value: must not be empty',
        'status.conditions[1].type: Duplicate value: "Dangling"',
      ],
    ],
  ]);
});

test('priority levels', (t) => {
  const kind = ofKind('PriorityLevelConfiguration');
  const queued = (queuing: Json | undefined, parts: Json = {}): Json => ({
    spec: { type: 'Limited', limited: { limitResponse: { type: 'Queue', queuing }, ...parts } },
  });
  const queues = { queues: 64, handSize: 6, queueLengthLimit: 50 };
  const at = 'spec.limited.limitResponse.queuing';
  checkNew(t, kind, [
    [queued(queues), []],
    [{ metadata: { name: 'exempt' }, spec: { type: 'Exempt' } }, []],
    [
      { spec: { type: 'Exempt' } },
      [`spec.type: Invalid value: "Exempt": type must be 'Exempt' if and only if name is 'exempt'`],
    ],
    [{ spec: { type: 'Odd' } }, ['spec.type: Unsupported value: "Odd": supported values: "Exempt", "Limited"']],
    [{ spec: { type: 'Limited' } }, ['spec.limited: Required value: must not be empty when type is Limited']],
    [
      {
        metadata: { name: 'exempt' },
        spec: { type: 'Exempt', exempt: { nominalConcurrencyShares: -1, lendablePercent: 101 } },
      },
      [
        'spec.exempt.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
        'spec.exempt.lendablePercent: Invalid value: 101: must be between 0 and 100, inclusive',
      ],
    ],
    [
      queued(queues, { nominalConcurrencyShares: -1, lendablePercent: -1, borrowingLimitPercent: -1 }),
      [
        'spec.limited.nominalConcurrencyShares: Invalid value: -1: must be a non-negative integer',
        'spec.limited.lendablePercent: Invalid value: -1: must be between 0 and 100, inclusive',
        'spec.limited.borrowingLimitPercent: Invalid value: -1: if specified, must be a non-negative integer',
      ],
    ],
    [
      { spec: { type: 'Limited', limited: { limitResponse: { type: 'Reject', queuing: queues } } } },
      [`${at}: Forbidden: must be nil if limited.limitResponse.type is not Limited`],
    ],
    [queued({ ...queues, queueLengthLimit: -1 }), [`${at}.queueLengthLimit: Invalid value: -1: must be positive`]],
    [
      queued({ ...queues, queues: -1 }),
      [`${at}.queues: Invalid value: -1: must be positive`, /handSize.*should not be greater than queues \(-1\)$/],
    ],
    [
      queued({ ...queues, queues: 10_000_001, handSize: 1 }),
      [`${at}.queues: Invalid value: 10000001: must not be greater than 10000000`],
    ],
    [
      queued({ ...queues, handSize: 65 }),
      [`${at}.handSize: Invalid value: 65: should not be greater than queues (64)`],
    ],
    [queued({ ...queues, handSize: -1 }), [`${at}.handSize: Invalid value: -1: must be positive`]],
    [
      queued({ ...queues, handSize: 11 }),
      [
        `${at}.handSize: Invalid value: 11: required entropy bits of deckSize 64 and handSize 11 should not be greater than 60`,
      ],
    ],
  ]);
});
