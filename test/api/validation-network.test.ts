import test from 'ava';
import { checkChange, checkNew, type Json, type Kind } from './support/validation.ts';

const networking = (kind: string, cluster = false): Kind => ({ apiVersion: 'networking.k8s.io/v1', kind, cluster });
const backend = { service: { name: 'web', port: { number: 80 } } };
const path = (parts: Json): Json => ({
  spec: { rules: [{ host: 'a.b', http: { paths: [{ path: '/', pathType: 'Prefix', backend, ...parts }] } }] },
});
const at = 'spec.rules[0].http.paths[0]';

test('ingresses', (t) => {
  checkNew(t, networking('Ingress'), [
    [path({}), []],
    [{ spec: { defaultBackend: backend } }, []],
    [{ spec: {} }, [/^spec: Invalid value: .*: either `defaultBackend` or `rules` must be specified$/]],
    [path({ path: 'x' }), [`${at}.path: Invalid value: "x": must be an absolute path`]],
    [
      path({ path: '/a//b/..' }),
      [
        `${at}.path: Invalid value: "/a//b/..": must not contain '//'`,
        `${at}.path: Invalid value: "/a//b/..": cannot end with '/..'`,
      ],
    ],
    [path({ pathType: undefined }), [`${at}.pathType: Required value: pathType must be specified`]],
    [
      path({ pathType: 'Regex' }),
      [`${at}.pathType: Unsupported value: "Regex": supported values: "Exact", "ImplementationSpecific", "Prefix"`],
    ],
    [path({ backend: {} }), [`${at}.backend: Invalid value: "": resource or service backend is required`]],
    [
      path({ backend: { service: { name: 'web' } } }),
      [`${at}.backend: Required value: port name or number is required`],
    ],
    [
      path({ backend: { service: { name: 'web', port: { name: 'http', number: 80 } } } }),
      [`${at}.backend: Invalid value: "": cannot set both port name & port number`],
    ],
    [path({ backend: { service: { name: '1web', port: { number: 80 } } } }), [/service\.name: .*DNS-1035 label must/]],
    [
      { spec: { rules: [{ host: '1.2.3.4' }] } },
      ['spec.rules[0].host: Invalid value: "1.2.3.4": must be a DNS name, not an IP address'],
    ],
    [{ spec: { rules: [{ host: '*.b' }] } }, []],
    [{ spec: { rules: [{ host: 'a.*' }] } }, [/a wildcard DNS-1123 subdomain must start with '\*\.'/]],
    [
      { spec: { defaultBackend: backend, tls: [{ hosts: ['A'], secretName: 'B' }] } },
      [/^spec\.tls\[0\]\.hosts\[0\]: /, /^spec\.tls\[0\]\.secretName: /],
    ],
    [
      {
        metadata: { annotations: { 'kubernetes.io/ingress.class': 'a' } },
        spec: { defaultBackend: backend, ingressClassName: 'b' },
      },
      [
        'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
      ],
    ],
  ]);
});

test('classes of ingresses', (t) => {
  const made = (parameters?: Json): Json => ({ spec: { controller: 'a.b/c', parameters } });
  const object = { kind: 'K', name: 'n' };
  checkNew(t, networking('IngressClass', true), [
    [made(), []],
    [{ spec: {} }, ['spec.controller: Required value']],
    [{ spec: { controller: 'x' } }, [/must be a domain-prefixed path \(such as "acme\.io\/foo"\)$/]],
    [made(object), []],
    [
      made({ ...object, scope: 'Namespace' }),
      ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
    ],
    [
      made({ ...object, namespace: 'n' }),
      ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"],
    ],
  ]);
  checkChange(t, networking('IngressClass', true), [
    [made(), { spec: { controller: 'a.b/d' } }, ['spec.controller: Invalid value: "a.b/d": field is immutable']],
  ]);
});

test('network policies', (t) => {
  const from = (...peers: Json[]): Json => ({ spec: { podSelector: {}, ingress: [{ from: peers }] } });
  const ports = (port: Json): Json => ({ spec: { podSelector: {}, egress: [{ ports: [port] }] } });
  const peer = 'spec.ingress[0].from[0]';
  const port = 'spec.egress[0].ports[0]';
  checkNew(t, networking('NetworkPolicy'), [
    [from({ podSelector: {}, namespaceSelector: {} }), []],
    [from({ ipBlock: { cidr: '10.0.0.0/8', except: ['10.1.0.0/16'] } }), []],
    [from({ ipBlock: { cidr: '2001:db8::/32', except: ['2001:db8:1::/48'] } }), []],
    [from({}), [`${peer}: Required value: must specify a peer`]],
    [
      from({ podSelector: {}, ipBlock: { cidr: '10.0.0.0/8' } }),
      [`${peer}: Forbidden: may not specify both ipBlock and another peer`],
    ],
    [
      from({ ipBlock: { cidr: '10.0.0.0' } }),
      [
        `${peer}.ipBlock.cidr: Invalid value: "10.0.0.0": must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)`,
      ],
    ],
    [
      from({ ipBlock: { cidr: '10.0.0.0/8', except: ['11.0.0.0/16', '10.0.0.0/8'] } }),
      [
        `${peer}.ipBlock.except[0]: Invalid value: "11.0.0.0/16": must be a strict subset of \`cidr\``,
        `${peer}.ipBlock.except[1]: Invalid value: "10.0.0.0/8": must be a strict subset of \`cidr\``,
      ],
    ],
    [ports({ port: 80, endPort: 90 }), []],
    [
      ports({ port: 80, endPort: 70 }),
      [`${port}.endPort: Invalid value: 80: must be greater than or equal to \`port\``],
    ],
    [
      ports({ port: 'http', endPort: 70 }),
      [`${port}.endPort: Invalid value: 70: may not be specified when \`port\` is non-numeric`],
    ],
    [
      ports({ endPort: 70 }),
      [`${port}.endPort: Invalid value: 70: may not be specified when \`port\` is not specified`],
    ],
    [ports({ port: 0 }), [/must be between 1 and 65535, inclusive$/]],
  ]);
});
