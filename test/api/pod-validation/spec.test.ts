import test from 'ava';
import { checkCases, container, type Json, podOf } from './support.ts';

const podWith = (spec: Json) => podOf(spec);

test("a pod's own fields", (t) => {
  checkCases(t, podWith, [
    [
      { restartPolicy: 'Sometimes' },
      'spec.restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "OnFailure", "Never"',
    ],
    [
      { dnsPolicy: 'Mine' },
      'spec.dnsPolicy: Unsupported value: "Mine": supported values: "ClusterFirstWithHostNet", "ClusterFirst", "Default", "None"',
    ],
    // Kubernetes takes it for one second, and warns.
    [{ terminationGracePeriodSeconds: -1 }],
    [
      { activeDeadlineSeconds: 0 },
      'spec.activeDeadlineSeconds: Invalid value: 0: must be between 1 and 2147483647, inclusive',
    ],
    [{ nodeName: 'A', serviceAccountName: '-' }, /^spec\.serviceAccountName: .*"-"/, /^spec\.nodeName: .*"A"/],
    [{ schedulerName: 'a b' }],
    [{ nodeSelector: { a: '-' } }, /^spec\.nodeSelector: Invalid value: "-"/],
    [{ priorityClassName: 'A' }, /^spec\.priorityClassName: Invalid value: "A"/],
    [{ runtimeClassName: 'A' }, /^spec\.runtimeClassName: Invalid value: "A"/],
    [
      { preemptionPolicy: 'Always' },
      'spec.preemptionPolicy: Unsupported value: "Always": supported values: "PreemptLowerPriority", "Never"',
    ],
    [{ overhead: { cpu: '1' } }],
    [{ overhead: { cpu: '-1' } }, /^spec\.overhead\.limits\[cpu\]: Invalid value: "-1"/],
    [{ readinessGates: [{ conditionType: 'a b' }] }, /^spec\.readinessGates\[0\]\.conditionType: Invalid value: "a b"/],
    [{ schedulingGates: [{ name: 'g' }, { name: 'g' }] }, 'spec.schedulingGates[1]: Duplicate value: "g"'],
    [{ schedulingGates: [{ name: 'a b' }] }, /^spec\.schedulingGates\[0\]: Invalid value: "a b"/],
    [
      { schedulingGates: [{ name: 'g' }], nodeName: 'n' },
      'spec.nodeName: Forbidden: cannot be set until all schedulingGates have been cleared',
    ],
  ]);
});

test('names and addresses', (t) => {
  const dns = (dnsConfig: Json, dnsPolicy?: string): Json => ({ dnsConfig, dnsPolicy });
  checkCases(t, podWith, [
    [{ hostname: 'a.b' }, 'spec.hostname: Invalid value: "a.b": must not contain dots'],
    [{ subdomain: 'a.b' }, 'spec.subdomain: Invalid value: "a.b": must not contain dots'],
    [{ hostnameOverride: 'a.b' }],
    [{ hostnameOverride: 'A' }, /^spec\.hostnameOverride: Invalid value: "A": a lowercase RFC 1123 subdomain/],
    [{ hostnameOverride: 'a'.repeat(65) }, 'spec.hostnameOverride: Too long: may not be more than 64 bytes'],
    [
      { hostnameOverride: 'a', hostNetwork: true, setHostnameAsFQDN: true },
      'spec.hostnameOverride: Forbidden: may not be specified when hostNetwork is true',
      'spec.hostnameOverride: Forbidden: may not be specified when setHostnameAsFQDN is true',
    ],
    [
      { hostAliases: [{ ip: 'x', hostnames: ['A'] }] },
      'spec.hostAliases[0].ip: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)',
      /^spec\.hostAliases\[0\]\.hostnames\[0\]: Invalid value: "A"/,
    ],
    [dns({ nameservers: ['1.2.3.4'], searches: ['a_b.c.', '.'], options: [{ name: 'ndots', value: '2' }] }, 'None')],
    [{ dnsPolicy: 'None' }, 'spec.dnsConfig: Required value: must provide `dnsConfig` when `dnsPolicy` is None'],
    [
      dns({}, 'None'),
      'spec.dnsConfig.nameservers: Required value: must provide at least one DNS nameserver when `dnsPolicy` is None',
    ],
    [
      dns({ nameservers: ['1.1.1.1', '1.1.1.2', '1.1.1.3', 'x'] }),
      'spec.dnsConfig.nameservers: Invalid value: ["1.1.1.1","1.1.1.2","1.1.1.3","x"]: must not have more than 3 nameservers',
      /^spec\.dnsConfig\.nameservers\[3\]: Invalid value: "x": must be a valid IP address/,
    ],
    [dns({ searches: Array.from({ length: 33 }, () => 'a') }), /must not have more than 32 search paths/],
    [
      dns({ searches: Array.from({ length: 9 }, () => `${'a'.repeat(230)}`) }),
      /must not have more than 2048 characters \(including spaces\) in the search list/,
    ],
    [
      dns({ searches: ['A'] }),
      /^spec\.dnsConfig\.searches\[0\]: Invalid value: "A": a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '_', '-' or '\.'/,
    ],
    [dns({ options: [{ value: '1' }] }), 'spec.dnsConfig.options[0]: Required value: must not be empty'],
  ]);
});

test('claims of devices', (t) => {
  const claims = (...resourceClaims: Json[]): Json => ({ resourceClaims });
  checkCases(t, podWith, [
    [claims({ name: 'a', resourceClaimName: 'r' }, { name: 'b', resourceClaimTemplateName: 't' })],
    [claims({ resourceClaimName: 'r' }), 'spec.resourceClaims[0].name: Required value'],
    [
      claims({ name: 'a', resourceClaimName: 'r' }, { name: 'a', resourceClaimName: 'r' }),
      'spec.resourceClaims[1].name: Duplicate value: "a"',
    ],
    [
      claims({ name: 'a' }),
      'spec.resourceClaims[0]: Invalid value: {"Name":"a","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
    ],
    [
      claims({ name: 'a', resourceClaimName: 'r', resourceClaimTemplateName: 't' }),
      /at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified/,
    ],
    [claims({ name: 'a', resourceClaimName: 'R' }), /resourceClaims\[0\]\.resourceClaimName: Invalid value: "R"/],
  ]);
});

test('resources of the whole pod', (t) => {
  const sized = (resources: Json, own: Json = {}): Json => ({
    resources,
    containers: [{ ...container, resources: own }],
  });
  checkCases(t, podWith, [
    [sized({ requests: { cpu: '2' }, limits: { cpu: '3' } }, { requests: { cpu: '1' }, limits: { cpu: '2' } })],
    [
      sized({ limits: { 'ephemeral-storage': '1' } }),
      'spec.resources.limits[ephemeral-storage]: Unsupported value: "ephemeral-storage": supported values: "cpu", "hugepages-", "memory"',
    ],
    [
      sized({ requests: { cpu: '1' } }, { requests: { cpu: '2' } }),
      'spec.resources.requests[cpu]: Invalid value: "1": must be greater than or equal to aggregate container requests of 2',
    ],
    [
      sized({ requests: { cpu: '1' }, limits: { cpu: '1' } }, { limits: { cpu: '2' }, requests: { cpu: '1' } }),
      'spec.resources.containers[0][cpu].limits: Invalid value: "2": must be less than or equal to pod limits of 1',
    ],
    [
      sized({ claims: [{ name: 'a' }] }),
      'spec.resources.claims: Forbidden: claims cannot be set for Resources at pod-level',
    ],
  ]);
});
