import test from 'ava';
import { checkChange, checkNew, type Json, type Kind } from './support/validation.ts';

test('slices of endpoints', (t) => {
  const kind: Kind = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice' };
  const slice = (parts: Json): Json => ({ addressType: 'IPv4', endpoints: [], ...parts });
  const endpoint = (parts: Json): Json => slice({ endpoints: [{ addresses: ['1.2.3.4'], ...parts }] });
  const at = 'endpoints[0].addresses[0]';
  const domain = (address: string): Json => slice({ addressType: 'FQDN', endpoints: [{ addresses: [address] }] });
  checkNew(t, kind, [
    [slice({ endpoints: [{ addresses: ['1.2.3.4'] }], ports: [{ port: 80 }] }), []],
    [endpoint({ addresses: [] }), ['endpoints[0].addresses: Required value: must contain at least 1 address']],
    [
      endpoint({ addresses: new Array(101).fill('1.2.3.4') }),
      ['endpoints[0].addresses: Too many: 101: must have at most 100 items'],
    ],
    [
      slice({ endpoints: new Array(1001).fill({ addresses: [] }) }),
      ['endpoints: Too many: 1001: must have at most 1000 items'],
    ],
    [
      endpoint({ addresses: ['x'] }),
      [`${at}: Invalid value: "x": must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)`],
    ],
    [endpoint({ addresses: ['2001:db8::1'] }), [`${at}: Invalid value: "2001:db8::1": must be an IPv4 address`]],
    [endpoint({ addresses: ['127.0.0.1'] }), []],
    [domain('a.example'), []],
    [domain('a'), [`${at}: Invalid value: "a": should be a domain with at least two segments separated by dots`]],
    [domain('A.b'), [/^endpoints\[0\]\.addresses\[0\]: Invalid value: "A\.b": a lowercase RFC 1123 subdomain must/]],
    [endpoint({ nodeName: 'N' }), [/^endpoints\[0\]\.nodeName: Invalid value: "N"/]],
    [endpoint({ hostname: 'a.b' }), ['endpoints[0].hostname: Invalid value: "a.b": must not contain dots']],
    [
      endpoint({ hints: { forZones: [{ name: 'a' }, { name: 'a' }], forNodes: [{ name: 'N' }] } }),
      [
        'endpoints[0].hints.forZones[1].name: Duplicate value: "a"',
        /^endpoints\[0\]\.hints\.forNodes\[0\]\.name: Invalid value: "N"/,
      ],
    ],
    [
      endpoint({ hints: { forZones: new Array(9).fill({ name: 'a' }) } }),
      ['endpoints[0].hints.forZones: Too many: 9: must have at most 8 items'],
    ],
    [slice({ ports: [{ port: 80 }, { port: 81 }] }), ['ports[1].name: Duplicate value: ""']],
    [slice({ ports: [{ name: 'a.b' }] }), ['ports[0].name: Invalid value: "a.b": must not contain dots']],
    [slice({ ports: [{ appProtocol: 'a b' }] }), [/^ports\[0\]\.appProtocol: Invalid value: "a b"/]],
  ]);
  checkChange(t, kind, [
    [slice({}), slice({ addressType: 'IPv6' }), ['addressType: Invalid value: "IPv6": field is immutable']],
  ]);
});

test('endpoints', (t) => {
  const subset = (parts: Json): Json => ({
    subsets: [{ addresses: [{ ip: '1.2.3.4' }], ports: [{ port: 80, protocol: 'TCP' }], ...parts }],
  });
  const at = 'subsets[0]';
  const address = (ip: string): Json => subset({ addresses: [{ ip }] });
  checkNew(t, { apiVersion: 'v1', kind: 'Endpoints' }, [
    [subset({}), []],
    [subset({ addresses: [] }), [`${at}: Required value: must specify \`addresses\` or \`notReadyAddresses\``]],
    [address('x'), [/addresses\[0\]\.ip: Invalid value: "x": must be a valid IP address/]],
    [address('0.0.0.0'), [`${at}.addresses[0].ip: Invalid value: "0.0.0.0": may not be unspecified (0.0.0.0)`]],
    [address('::'), [`${at}.addresses[0].ip: Invalid value: "::": may not be unspecified (::)`]],
    // Pods may be there.
    [address('::1'), []],
    [address('169.254.1.1'), [/may not be in the link-local range \(169\.254\.0\.0\/16, fe80::\/10\)$/]],
    [address('fe80::1'), [/may not be in the link-local range/]],
    [address('224.0.0.7'), [/may not be in the link-local multicast range \(224\.0\.0\.0\/24, ff02::\/10\)$/]],
    [address('ff02::1'), [/may not be in the link-local multicast range/]],
    [address('::ffff:169.254.0.1'), [/may not be in the link-local range/]],
    [
      subset({ addresses: [{ ip: '1.1.1.1', hostname: 'a.b' }] }),
      [/hostname: Invalid value: "a\.b": must not contain dots/],
    ],
    [subset({ addresses: [{ ip: '1.1.1.1', nodeName: '' }] }), [/nodeName: Invalid value: ""/]],
    [
      subset({ ports: [{ port: 1 }, { port: 70_000, name: 'b' }] }),
      [
        `${at}.ports[0].name: Required value`,
        `${at}.ports[1].port: Invalid value: 70000: must be between 1 and 65535, inclusive`,
      ],
    ],
    [
      subset({ ports: [{ port: 1, appProtocol: '/' }] }),
      [/appProtocol: Invalid value: "\/"/, /appProtocol/, /appProtocol/],
    ],
  ]);
});

test('addresses of the cluster', (t) => {
  const address: Kind = { apiVersion: 'networking.k8s.io/v1', kind: 'IPAddress', cluster: true };
  const named = (name: string, parent: Json = { resource: 'services', name: 'a' }): Json => ({
    metadata: { name },
    spec: { parentRef: parent },
  });
  checkNew(t, address, [
    [named('10.0.0.1'), []],
    [named('2001:db8::1'), []],
    [
      named('2001:DB8:0::1'),
      ['metadata.name: Invalid value: "2001:DB8:0::1": must be in canonical form ("2001:db8::1")'],
    ],
    [named('a'), [/^metadata\.name: Invalid value: "a": must be a valid IP address/]],
    [{ metadata: { name: '10.0.0.1' }, spec: {} }, ['spec.parentRef: Required value']],
    [
      named('10.0.0.1', { resource: 'a/b', name: '..', group: 'G', namespace: 'a%' }),
      [
        /^spec\.parentRef\.group: Invalid value: "G"/,
        `spec.parentRef.resource: Invalid value: "a/b": may not contain '/'`,
        `spec.parentRef.name: Invalid value: "..": may not be '..'`,
        `spec.parentRef.namespace: Invalid value: "a%": may not contain '%'`,
      ],
    ],
  ]);
  checkChange(t, address, [
    [
      named('10.0.0.1'),
      named('10.0.0.1', { resource: 'services', name: 'b' }),
      ['spec.parentRef: Invalid value: {"resource":"services","name":"b"}: field is immutable'],
    ],
  ]);
  const range: Kind = { apiVersion: 'networking.k8s.io/v1', kind: 'ServiceCIDR', cluster: true };
  const cidrs = (...list: string[]): Json => ({ spec: { cidrs: list } });
  checkNew(t, range, [
    [cidrs('10.0.0.0/24', '2001:db8::/64'), []],
    [cidrs(), ['spec.cidrs: Required value: at least one CIDR required']],
    [cidrs('a', 'b', 'c'), ['spec.cidrs: Invalid value: {"CIDRs":["a","b","c"]}: may only hold up to 2 values']],
    [
      cidrs('10.0.0.0/24', '10.1.0.0/24'),
      [/may specify no more than one IP for each IP family, i\.e 192\.168\.0\.0\/24/],
    ],
    [
      cidrs('x'),
      ['spec.cidrs[0]: Invalid value: "x": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)'],
    ],
  ]);
  checkChange(t, range, [
    [cidrs('10.0.0.0/24'), cidrs('10.1.0.0/24'), ['spec.cidrs: Invalid value: ["10.1.0.0/24"]: field is immutable']],
  ]);
});
