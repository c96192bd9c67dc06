import { type FieldPath, forbiddenField, invalidValue, notSupported } from '../../field-errors.ts';
import { checkRange } from '../../names.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, type Errors } from '../checks.ts';
import { eachContainer } from './each-container.ts';
import { goForm } from './go-form.ts';
import { checkAppArmor, checkSeccomp } from './profiles.ts';
import { checkSysctls } from './sysctls.ts';
import { checkWindowsOptions } from './windows.ts';

const maxId = 2 ** 31 - 1;
const procMounts = ['Default', 'Unmasked'];

/** As Kubernetes prints a container's security. */
const fields = [
  'capabilities',
  'privileged',
  'seLinuxOptions',
  'windowsOptions',
  'runAsUser',
  'runAsGroup',
  'runAsNonRoot',
  'readOnlyRootFilesystem',
  'allowPrivilegeEscalation',
  'procMount',
  'seccompProfile',
  'appArmorProfile',
] as const satisfies readonly (keyof v1.SecurityContext)[];

/** A user's or group's number. */
export function checkId(errors: Errors, path: FieldPath, id: number | undefined): void {
  if (id !== undefined) addEach(errors, path, id, checkRange(id, 0, maxId));
}

/** Of a container. `hostUsers`: whether its users are the host's. */
export function checkSecurity(errors: Errors, path: FieldPath, security: v1.SecurityContext, hostUsers: boolean): void {
  checkId(errors, path.child('runAsUser'), security.runAsUser);
  checkId(errors, path.child('runAsGroup'), security.runAsGroup);
  const { procMount } = security;
  if (procMount !== undefined) {
    const at = path.child('procMount');
    if (!procMounts.includes(procMount)) errors.push(notSupported(at, procMount, procMounts));
    if (hostUsers && procMount === 'Unmasked') {
      errors.push(invalidValue(at, procMount, '`hostUsers` must be false to use `Unmasked`'));
    }
  }
  checkSeccomp(errors, path.child('seccompProfile'), security.seccompProfile);
  if (security.allowPrivilegeEscalation === false) checkEscalation(errors, path, security);
  checkWindowsOptions(errors, path.child('windowsOptions'), security.windowsOptions);
  checkAppArmor(errors, path.child('appArmorProfile'), security.appArmorProfile);
}

function checkEscalation(errors: Errors, path: FieldPath, security: v1.SecurityContext): void {
  const contradiction = (other: string): string => `cannot set \`allowPrivilegeEscalation\` to false and ${other}`;
  const value = (): unknown => goForm(security, fields);
  if (security.privileged) errors.push(invalidValue(path, value(), contradiction('`privileged` to true')));
  if (security.capabilities?.add?.includes('CAP_SYS_ADMIN')) {
    errors.push(invalidValue(path, value(), contradiction('`capabilities.Add` CAP_SYS_ADMIN')));
  }
}

/** Fields of a pod's security whose value is one of a few. */
const choices = {
  fsGroupChangePolicy: ['Always', 'OnRootMismatch'],
  supplementalGroupsPolicy: ['Merge', 'Strict'],
  seLinuxChangePolicy: ['MountOption', 'Recursive'],
} as const;

function checkChoice(
  errors: Errors,
  path: FieldPath,
  security: v1.PodSecurityContext,
  name: keyof typeof choices,
): void {
  const value = security[name];
  const supported: readonly string[] = choices[name];
  if (value !== undefined && !supported.includes(value)) errors.push(notSupported(path.child(name), value, supported));
}

/** Of a pod. */
export function checkPodSecurity(
  errors: Errors,
  path: FieldPath,
  security: v1.PodSecurityContext,
  spec: v1.PodSpec,
): void {
  checkId(errors, path.child('fsGroup'), security.fsGroup);
  checkId(errors, path.child('runAsUser'), security.runAsUser);
  checkId(errors, path.child('runAsGroup'), security.runAsGroup);
  for (const [index, group] of (security.supplementalGroups ?? []).entries()) {
    checkId(errors, path.child('supplementalGroups').index(index), group);
  }
  if (spec.shareProcessNamespace && spec.hostPID) {
    const detail = 'ShareProcessNamespace and HostPID cannot both be enabled';
    errors.push(invalidValue(path.child('shareProcessNamespace'), true, detail));
  }
  if (security.sysctls !== undefined) checkSysctls(errors, path.child('sysctls'), security.sysctls, spec);
  checkChoice(errors, path, security, 'fsGroupChangePolicy');
  checkSeccomp(errors, path.child('seccompProfile'), security.seccompProfile);
  checkWindowsOptions(errors, path.child('windowsOptions'), security.windowsOptions);
  checkAppArmor(errors, path.child('appArmorProfile'), security.appArmorProfile);
  checkChoice(errors, path, security, 'supplementalGroupsPolicy');
  checkChoice(errors, path, security, 'seLinuxChangePolicy');
}

/** A pod whose users aren't the host's has namespaces of its own for the rest as well. */
export function checkOwnUsers(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  if (spec.hostUsers !== false) return;
  const detail = 'when `pod.Spec.HostUsers` is false';
  if (spec.hostNetwork) errors.push(forbiddenField(path.child('hostNetwork'), detail));
  if (spec.hostPID) errors.push(forbiddenField(path.child('HostPID'), detail));
  if (spec.hostIPC) errors.push(forbiddenField(path.child('HostIPC'), detail));
  // A device's owner can't be mapped.
  eachContainer(spec, path, ({ volumeDevices }, at) => {
    if (volumeDevices?.length) errors.push(forbiddenField(at().child('volumeDevices'), detail));
  });
}
