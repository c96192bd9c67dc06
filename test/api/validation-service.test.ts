import test from 'ava';
import { checkChange, checkNew, checkPart, type Json, type Kind } from './support/validation.ts';

const kind: Kind = { apiVersion: 'v1', kind: 'Service' };
const service = (spec: Json, metadata: Json = {}): Json => ({ metadata, spec: { ports: [{ port: 80 }], ...spec } });
const balancer = (spec: Json = {}): Json => service({ type: 'LoadBalancer', ...spec });
const onlyBalancer = "may only be used when `type` is 'LoadBalancer'";

test('ports of services', (t) => {
  checkNew(t, kind, [
    [service({ ports: [{ port: 1, appProtocol: 'a b' }] }), [/^spec\.ports\[0\]\.appProtocol: Invalid value: "a b"/]],
    [
      balancer({ ports: [{ port: 10250 }] }),
      ['spec.ports[0]: Invalid value: 10250: may not expose port 10250 externally since it is used by kubelet'],
    ],
    [
      service({
        type: 'NodePort',
        ports: [
          { port: 1, name: 'a', nodePort: 7 },
          { port: 2, name: 'b', nodePort: 7 },
        ],
      }),
      ['spec.ports[1].nodePort: Duplicate value: 7'],
    ],
  ]);
});

test('addresses of services', (t) => {
  const none = 'may not be set for ExternalName services';
  checkNew(t, kind, [
    [
      service({ ipFamilies: ['IPv5', 'IPv4', 'IPv4'] }),
      [
        'spec.ipFamilies[0]: Unsupported value: "IPv5": supported values: "IPv4", "IPv6"',
        'spec.ipFamilies[2]: Duplicate value: "IPv4"',
      ],
    ],
    [
      service({ ipFamilyPolicy: 'Many' }),
      [
        'spec.ipFamilyPolicy: Unsupported value: "Many": supported values: "PreferDualStack", "RequireDualStack", "SingleStack"',
      ],
    ],
    [service({ clusterIPs: ['1.2.3.4'] }), [/must be empty when `clusterIP` is not specified$/]],
    [service({ clusterIP: '1.2.3.4', clusterIPs: ['1.2.3.5'] }), [/first value must match `clusterIP`$/]],
    [
      service({ clusterIP: 'x', clusterIPs: ['x'] }),
      [/^spec\.clusterIPs\[0\]: Invalid value: "x": must be a valid IP/],
    ],
    [
      service({ clusterIP: '1.1.1.1', clusterIPs: ['1.1.1.1', '2.2.2.2'] }),
      [/may specify no more than one IP for each IP family$/],
    ],
    [service({ clusterIP: '1.1.1.1', clusterIPs: ['1.1.1.1', '::2', '3.3.3.3'] }), [/may only hold up to 2 values$/]],
    [
      service({ clusterIP: '1.1.1.1', clusterIPs: ['1.1.1.1'], ipFamilies: ['IPv6'] }),
      ['spec.clusterIPs[0]: Invalid value: "1.1.1.1": expected an IPv6 value as indicated by `ipFamilies[0]`'],
    ],
    [
      {
        spec: {
          type: 'ExternalName',
          externalName: 'A',
          clusterIP: '1.1.1.1',
          ipFamilies: ['IPv4'],
          ipFamilyPolicy: 'SingleStack',
        },
      },
      [
        `spec.clusterIPs: Forbidden: ${none}`,
        `spec.ipFamilies: Forbidden: ${none}`,
        `spec.ipFamilyPolicy: Forbidden: ${none}`,
        /^spec\.externalName: Invalid value: "A"/,
      ],
    ],
    [
      service({ externalIPs: ['127.0.0.1'], externalTrafficPolicy: 'Cluster' }),
      [/^spec\.externalIPs\[0\]: .*loopback/],
    ],
  ]);
});

test('balancers, traffic and affinity of services', (t) => {
  const ranges = 'service.beta.kubernetes.io/load-balancer-source-ranges';
  const [hints, mode] = ['service.kubernetes.io/topology-aware-hints', 'service.kubernetes.io/topology-mode'];
  checkNew(t, kind, [
    [balancer({ loadBalancerClass: 'a/b', loadBalancerSourceRanges: [' 10.0.0.0/8 '] }), []],
    [balancer({ loadBalancerClass: 'a b' }), [/^spec\.loadBalancerClass: Invalid value: "a b"/]],
    [service({ loadBalancerClass: 'a' }), [`spec.loadBalancerClass: Forbidden: ${onlyBalancer}`]],
    [
      service({ allocateLoadBalancerNodePorts: true }),
      [`spec.allocateLoadBalancerNodePorts: Forbidden: ${onlyBalancer}`],
    ],
    [
      service({ loadBalancerSourceRanges: ['x'] }),
      [
        `spec.LoadBalancerSourceRanges: Forbidden: ${onlyBalancer}`,
        /^spec\.LoadBalancerSourceRanges\[0\]: Invalid value: "x"/,
      ],
    ],
    [
      service({}, { annotations: { [ranges]: 'x' } }),
      [
        `metadata.annotations[${ranges}]: Forbidden: ${onlyBalancer}`,
        /: Invalid value: "x": must be a valid CIDR value/,
      ],
    ],
    [
      service({}, { annotations: { [hints]: 'Auto', [mode]: 'Never' } }),
      [
        `metadata.annotations[${mode}]: Invalid value: "Never": must match annotations[${hints}] when both are specified`,
      ],
    ],
    [
      service({ externalTrafficPolicy: 'Local' }),
      ['spec.externalTrafficPolicy: Invalid value: "Local": may only be set for externally-accessible services'],
    ],
    [
      balancer({ healthCheckNodePort: 30000 }),
      [
        "spec.healthCheckNodePort: Invalid value: 30000: may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'",
      ],
    ],
    [
      balancer({ externalTrafficPolicy: 'Local', healthCheckNodePort: 70000 }),
      ['spec.healthCheckNodePort: Invalid value: 70000: must be between 1 and 65535, inclusive'],
    ],
    [
      service({ trafficDistribution: 'Far' }),
      [
        'spec.trafficDistribution: Unsupported value: "Far": supported values: "PreferClose", "PreferSameNode", "PreferSameZone"',
      ],
    ],
    [
      service({ sessionAffinity: 'ClientIP', sessionAffinityConfig: { clientIP: { timeoutSeconds: 0 } } }),
      [
        'spec.sessionAffinityConfig.clientIP.timeoutSeconds: Invalid value: 0: must be greater than 0 and less than 86400',
      ],
    ],
  ]);
});

test('changes of services', (t) => {
  const addressed = (addresses: string[], spec: Json = {}): Json =>
    service({ clusterIP: addresses[0], clusterIPs: addresses, ...spec });
  const local = (healthCheckNodePort: number): Json =>
    balancer({ externalTrafficPolicy: 'Local', healthCheckNodePort });
  checkChange(t, kind, [
    [addressed(['1.1.1.1']), addressed(['1.1.1.1', '::2']), []],
    [
      addressed(['1.1.1.1']),
      addressed(['1.1.1.2']),
      ['spec.clusterIPs[0]: Invalid value: ["1.1.1.2"]: may not change once set'],
    ],
    [
      addressed(['1.1.1.1']),
      service({}),
      ['spec.clusterIPs[0]: Invalid value: []: primary clusterIP can not be unset'],
    ],
    [addressed(['1.1.1.1', '::2']), addressed(['1.1.1.1'], { ipFamilyPolicy: 'SingleStack' }), []],
    [
      addressed(['1.1.1.1', '::2']),
      addressed(['1.1.1.1'], { ipFamilyPolicy: 'PreferDualStack' }),
      [
        `spec.ipFamilyPolicy: Invalid value: "PreferDualStack": must be set to 'SingleStack' when releasing the secondary clusterIP`,
      ],
    ],
    [
      service({ ipFamilies: ['IPv4'] }),
      service({ ipFamilies: ['IPv6'] }),
      ['spec.ipFamilies[0]: Invalid value: ["IPv6"]: may not change once set'],
    ],
    [
      balancer({ loadBalancerClass: 'a' }),
      balancer({ loadBalancerClass: 'b' }),
      ['spec.loadBalancerClass: Invalid value: "b": may not change once set'],
    ],
    [local(30000), local(30001), ['spec.healthCheckNodePort: Forbidden: field is immutable']],
  ]);
});

test('what balancers report of services and ingresses', (t) => {
  const reported = (ingress: Json, type = 'LoadBalancer'): Json => ({
    ...service({ type }),
    status: { loadBalancer: { ingress: [ingress] } },
  });
  const at = 'status.loadBalancer.ingress';
  checkPart(t, kind, [
    [balancer(), reported({ ip: '1.2.3.4' }), []],
    [
      balancer(),
      reported({ ip: '1.2.3.4' }, 'ClusterIP'),
      [`${at}: Forbidden: may only be used when \`spec.type\` is 'LoadBalancer'`],
    ],
    [balancer(), reported({ ip: 'x' }), [/^status\.loadBalancer\.ingress\[0\]\.ip: Invalid value: "x"/]],
    [
      balancer(),
      reported({ ipMode: 'VIP' }),
      [`${at}[0].ipMode: Forbidden: may not be specified when \`ip\` is not set`],
    ],
    [
      balancer(),
      reported({ ip: '1.2.3.4', ipMode: 'X' }),
      [`${at}[0].ipMode: Unsupported value: "X": supported values: "Proxy", "VIP"`],
    ],
    [
      balancer(),
      reported({ hostname: '1.2.3.4' }),
      [`${at}[0].hostname: Invalid value: "1.2.3.4": must be a DNS name, not an IP address`],
    ],
  ]);
  const ingress: Kind = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress' };
  checkPart(t, ingress, [
    [{}, { status: { loadBalancer: { ingress: [{ ip: '1.2.3.4' }] } } }, []],
    [{}, { status: { loadBalancer: { ingress: [{ hostname: 'A' }] } } }, [/^status.*hostname: Invalid value: "A"/]],
  ]);
});
