import type { v1 } from '../../../api/index.ts';
import { addedCapabilities } from './baseline.ts';
import {
  type Check,
  containersOf,
  containersWhere,
  distinct,
  hasOwnUsers,
  isWindows,
  named,
  plural,
  quoted,
  setters,
  violation,
} from './check.ts';

const allowedVolumes = new Set([
  'configMap',
  'csi',
  'downwardAPI',
  'emptyDir',
  'ephemeral',
  'image',
  'persistentVolumeClaim',
  'projected',
  'secret',
]);

const goodProfile = ({ type }: v1.SeccompProfile): boolean => type === 'RuntimeDefault' || type === 'Localhost';

/** What a pod that follows today's good practice has. By id, as Kubernetes orders them. */
export const restrictedChecks: readonly Check[] = [
  {
    id: 'allowPrivilegeEscalation',
    since: 8,
    run({ spec }, minor) {
      if (minor >= 25 && isWindows(spec)) return undefined;
      const containers = containersWhere(
        spec,
        ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false,
      );
      return violation(
        containers.length > 0,
        'allowPrivilegeEscalation != false',
        () => `${named('container', containers)} must set securityContext.allowPrivilegeEscalation=false`,
      );
    },
  },
  {
    id: 'capabilities_restricted',
    since: 22,
    overrides: ['capabilities_baseline'],
    run({ spec }, minor) {
      if (minor >= 25 && isWindows(spec)) return undefined;
      const keeping = containersWhere(
        spec,
        ({ securityContext }) => !(securityContext?.capabilities?.drop ?? []).includes('ALL'),
      );
      const { containers, capabilities } = addedCapabilities(spec, (name) => name === 'NET_BIND_SERVICE');
      const details: string[] = [];
      if (keeping.length > 0) {
        details.push(`${named('container', keeping)} must set securityContext.capabilities.drop=["ALL"]`);
      }
      if (containers.length > 0) {
        const who = named('container', containers);
        details.push(`${who} must not include ${quoted(capabilities)} in securityContext.capabilities.add`);
      }
      return violation(details.length > 0, 'unrestricted capabilities', () => details.join('; '));
    },
  },
  {
    id: 'restrictedVolumes',
    since: 0,
    overrides: ['hostPathVolumes'],
    run({ spec }) {
      const bad = (spec.volumes ?? []).flatMap(({ name, ...source }) => {
        const [type = 'unknown'] = Object.keys(source);
        return allowedVolumes.has(type) ? [] : [{ name, type }];
      });
      const names = bad.map(({ name }) => name);
      const types = distinct(bad.map(({ type }) => type));
      return violation(
        bad.length > 0,
        'restricted volume types',
        () =>
          `${named('volume', names)} ${names.length === 1 ? 'uses' : 'use'} restricted volume ${plural('type', types)} ${quoted(types)}`,
      );
    },
  },
  {
    id: 'runAsNonRoot',
    since: 0,
    run({ spec }, minor) {
      if (minor >= 35 && hasOwnUsers(spec)) return undefined;
      const reason = 'runAsNonRoot != true';
      const pod = spec.securityContext?.runAsNonRoot;
      const rooted = containersWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === false);
      if (pod === false || rooted.length > 0) {
        const who = setters(pod === false, rooted);
        return { reason, detail: `${who} must not set securityContext.runAsNonRoot=false` };
      }
      const silent = containersWhere(spec, ({ securityContext }) => securityContext?.runAsNonRoot === undefined);
      return violation(
        !pod && silent.length > 0,
        reason,
        () => `pod or ${named('container', silent)} must set securityContext.runAsNonRoot=true`,
      );
    },
  },
  {
    id: 'runAsUser',
    since: 23,
    run({ spec }, minor) {
      if (minor >= 35 && hasOwnUsers(spec)) return undefined;
      const pod = spec.securityContext?.runAsUser === 0;
      const containers = containersWhere(spec, ({ securityContext }) => securityContext?.runAsUser === 0);
      return violation(
        pod || containers.length > 0,
        'runAsUser=0',
        () => `${setters(pod, containers)} must not set runAsUser=0`,
      );
    },
  },
  {
    id: 'seccompProfile_restricted',
    since: 19,
    overrides: ['seccompProfile_baseline'],
    run({ spec }, minor) {
      if (minor >= 25 && isWindows(spec)) return undefined;
      const profile = spec.securityContext?.seccompProfile;
      const badPod = profile !== undefined && !goodProfile(profile);
      const isBad = (own: v1.SeccompProfile | undefined): own is v1.SeccompProfile =>
        own !== undefined && !goodProfile(own);
      const bad = containersWhere(spec, ({ securityContext }) => isBad(securityContext?.seccompProfile));
      if (badPod || bad.length > 0) {
        const all = [profile, ...containersOf(spec).map(({ securityContext }) => securityContext?.seccompProfile)];
        const types = distinct(all.filter(isBad).map(({ type }) => type));
        const detail = `${setters(badPod, bad)} must not set securityContext.seccompProfile.type to ${quoted(types)}`;
        return { reason: 'seccompProfile', detail };
      }
      const silent = containersWhere(spec, ({ securityContext }) => securityContext?.seccompProfile === undefined);
      return violation(
        profile === undefined && silent.length > 0,
        'seccompProfile',
        () =>
          `pod or ${named('container', silent)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
      );
    },
  },
];
