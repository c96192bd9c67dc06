import type { v1 } from '../../../api/index.ts';
import {
  type Check,
  type Container,
  containersOf,
  containersWhere,
  distinct,
  hasOwnUsers,
  named,
  plural,
  quoted,
  setters,
  violation,
} from './check.ts';

const APP_ARMOR = 'container.apparmor.security.beta.kubernetes.io/';

const defaultCapabilities = new Set(
  'AUDIT_WRITE CHOWN DAC_OVERRIDE FOWNER FSETID KILL MKNOD NET_BIND_SERVICE SETFCAP SETGID SETPCAP SETUID SYS_CHROOT'.split(
    ' ',
  ),
);

const seLinuxTypes = new Set(['', 'container_t', 'container_init_t', 'container_kvm_t', 'container_engine_t']);

/** Harmless sysctls, by the minor version since which they count as such. */
const safeSysctls: ReadonlyMap<string, number> = new Map([
  ['kernel.shm_rmid_forced', 0],
  ['net.ipv4.ip_local_port_range', 0],
  ['net.ipv4.tcp_syncookies', 0],
  ['net.ipv4.ping_group_range', 0],
  ['net.ipv4.ip_unprivileged_port_start', 0],
  ['net.ipv4.ip_local_reserved_ports', 27],
  ['net.ipv4.tcp_keepalive_time', 29],
  ['net.ipv4.tcp_fin_timeout', 29],
  ['net.ipv4.tcp_keepalive_intvl', 29],
  ['net.ipv4.tcp_keepalive_probes', 29],
  ['net.ipv4.tcp_rmem', 32],
  ['net.ipv4.tcp_wmem', 32],
]);

/** Capabilities added that the test doesn't allow, and by whom. */
export function addedCapabilities(
  spec: v1.PodSpec,
  allowed: (capability: string) => boolean,
): { containers: string[]; capabilities: string[] } {
  const bad = ({ securityContext }: Container): string[] =>
    (securityContext?.capabilities?.add ?? []).filter((capability) => !allowed(capability));
  return {
    containers: containersWhere(spec, (container) => bad(container).length > 0),
    capabilities: distinct(containersOf(spec).flatMap(bad)),
  };
}

/** Nothing by which a pod is known to get at the node. By id, as Kubernetes orders them. */
export const baselineChecks: readonly Check[] = [
  {
    id: 'appArmorProfile',
    since: 0,
    run({ annotations, spec }) {
      const old = Object.entries(annotations)
        .filter(([key, value]) => key.startsWith(APP_ARMOR) && !/^(runtime\/default|localhost\/.*|)$/.test(value))
        .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
        .sort();
      const unconfined = (context: { appArmorProfile?: { type: string } } | undefined): boolean =>
        context?.appArmorProfile?.type === 'Unconfined';
      const pod = unconfined(spec.securityContext);
      const containers = containersWhere(spec, ({ securityContext }) => unconfined(securityContext));
      const parts = [...old];
      if (pod || containers.length > 0) {
        parts.unshift(`${setters(pod, containers)} must not set AppArmor profile type to "Unconfined"`);
      }
      const reason = plural('forbidden AppArmor profile', parts);
      return violation(parts.length > 0, reason, () => parts.join(', '));
    },
  },
  {
    id: 'capabilities_baseline',
    since: 0,
    run({ spec }) {
      const { containers, capabilities } = addedCapabilities(spec, (name) => defaultCapabilities.has(name));
      return violation(
        containers.length > 0,
        'non-default capabilities',
        () =>
          `${named('container', containers)} must not include ${quoted(capabilities)} in securityContext.capabilities.add`,
      );
    },
  },
  {
    id: 'hostNamespaces',
    since: 0,
    run({ spec }) {
      const used = (['hostNetwork', 'hostPID', 'hostIPC'] as const).filter((field) => spec[field]);
      return violation(used.length > 0, 'host namespaces', () => used.map((field) => `${field}=true`).join(', '));
    },
  },
  {
    id: 'hostPathVolumes',
    since: 0,
    run({ spec }) {
      const volumes = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
      return violation(volumes.length > 0, 'hostPath volumes', () => named('volume', volumes));
    },
  },
  {
    id: 'hostPorts',
    since: 0,
    run({ spec }) {
      const portsOf = (container: Container): number[] =>
        (container.ports ?? []).flatMap(({ hostPort }) => hostPort || []);
      const containers = containersWhere(spec, (container) => portsOf(container).length > 0);
      const ports = distinct(containersOf(spec).flatMap(portsOf).map(String));
      return violation(
        containers.length > 0,
        'hostPort',
        () =>
          `${named('container', containers)} ${containers.length === 1 ? 'uses' : 'use'} ${plural('hostPort', ports)} ${ports.join(', ')}`,
      );
    },
  },
  {
    id: 'hostProbesAndHostLifecycle',
    since: 34,
    run({ spec }) {
      const hostsOf = ({ livenessProbe, readinessProbe, startupProbe, lifecycle }: Container): string[] =>
        [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop].flatMap((handler) =>
          [handler?.httpGet?.host, handler?.tcpSocket?.host].flatMap((host) => host || []),
        );
      const containers = distinct(containersWhere(spec, (container) => hostsOf(container).length > 0));
      const hosts = distinct(containersOf(spec).flatMap(hostsOf));
      return violation(
        containers.length > 0,
        'probe or lifecycle host',
        () =>
          `${named('container', containers)} ${containers.length === 1 ? 'uses' : 'use'} ${named('probe or lifecycle host', hosts)}`,
      );
    },
  },
  {
    id: 'privileged',
    since: 0,
    run({ spec }) {
      const containers = containersWhere(spec, ({ securityContext }) => securityContext?.privileged === true);
      return violation(
        containers.length > 0,
        'privileged',
        () => `${named('container', containers)} must not set securityContext.privileged=true`,
      );
    },
  },
  {
    id: 'procMount',
    since: 0,
    run({ spec }, minor) {
      if (minor >= 35 && hasOwnUsers(spec)) return undefined;
      const mountOf = ({ securityContext }: Container): string => securityContext?.procMount ?? 'Default';
      const containers = containersWhere(spec, (container) => mountOf(container) !== 'Default');
      const values = distinct(
        containersOf(spec)
          .map(mountOf)
          .filter((value) => value !== 'Default'),
      );
      return violation(
        containers.length > 0,
        'procMount',
        () => `${named('container', containers)} must not set securityContext.procMount to ${quoted(values)}`,
      );
    },
  },
  {
    id: 'seLinuxOptions',
    since: 0,
    run({ spec }, minor) {
      const badType = (type: string): boolean =>
        !seLinuxTypes.has(type) || (type === 'container_engine_t' && minor < 31);
      const bad = (options: v1.SELinuxOptions | undefined): boolean =>
        options !== undefined && (badType(options.type ?? '') || Boolean(options.user) || Boolean(options.role));
      const containers = containersWhere(spec, ({ securityContext }) => bad(securityContext?.seLinuxOptions));
      const pod = bad(spec.securityContext?.seLinuxOptions);
      const all = [spec, ...containersOf(spec)].flatMap(({ securityContext }) => securityContext?.seLinuxOptions ?? []);
      const types = distinct(all.flatMap(({ type = '' }) => (badType(type) ? [type] : [])));
      return violation(pod || containers.length > 0, 'seLinuxOptions', () => {
        const data = types.length > 0 ? [named('type', types)] : [];
        if (all.some(({ user }) => user)) data.push('user may not be set');
        if (all.some(({ role }) => role)) data.push('role may not be set');
        return `${setters(pod, containers)} set forbidden securityContext.seLinuxOptions: ${data.join('; ')}`;
      });
    },
  },
  {
    id: 'seccompProfile_baseline',
    since: 19,
    run({ spec }) {
      const unconfined = (profile: v1.SeccompProfile | undefined): boolean => profile?.type === 'Unconfined';
      const pod = unconfined(spec.securityContext?.seccompProfile);
      const containers = containersWhere(spec, ({ securityContext }) => unconfined(securityContext?.seccompProfile));
      return violation(
        pod || containers.length > 0,
        'seccompProfile',
        () => `${setters(pod, containers)} must not set securityContext.seccompProfile.type to "Unconfined"`,
      );
    },
  },
  {
    id: 'sysctls',
    since: 0,
    run({ spec }, minor) {
      const bad = (spec.securityContext?.sysctls ?? [])
        .map(({ name }) => name)
        .filter((name) => !((safeSysctls.get(name) ?? Number.NaN) <= minor));
      return violation(bad.length > 0, 'forbidden sysctls', () => bad.join(', '));
    },
  },
  {
    id: 'windowsHostProcess',
    since: 0,
    run({ spec }) {
      const bad = (options: v1.WindowsSecurityContextOptions | undefined): boolean => options?.hostProcess === true;
      const pod = bad(spec.securityContext?.windowsOptions);
      const containers = containersWhere(spec, ({ securityContext }) => bad(securityContext?.windowsOptions));
      return violation(
        pod || containers.length > 0,
        'hostProcess',
        () => `${setters(pod, containers)} must not set securityContext.windowsOptions.hostProcess=true`,
      );
    },
  },
];
