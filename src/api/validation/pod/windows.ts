import { type FieldPath, forbiddenField, invalidValue } from '../../field-errors.ts';
import { checkDns1123Subdomain } from '../../names.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, type Errors } from '../checks.ts';
import { eachContainer } from './each-container.ts';

const maxSpecBytes = 64 * 1024;
const maxDomainLength = 256;
const maxUserLength = 104;

const controls = /\p{Cc}/u;
const netBiosDomain = /^[^\\/:*?"<>|.][^\\/:*?"<>|]{0,14}$/;
const dnsLabel = '[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?';
const dnsDomain = new RegExp(`^${dnsLabel}(?:\\.${dnsLabel})*$`);
const wrongInUser = /["/\\:;|=,+*?<>@[\]]/;
const onlyDotsOrSpaces = /^[. ]+$/;

export function checkWindowsOptions(
  errors: Errors,
  path: FieldPath,
  options: v1.WindowsSecurityContextOptions | undefined,
): void {
  if (options === undefined) return;
  const { gmsaCredentialSpecName: specName, gmsaCredentialSpec: spec, runAsUserName: user } = options;
  if (specName !== undefined) {
    addEach(errors, path.child('gmsaCredentialSpecName'), specName, checkDns1123Subdomain(specName));
  }
  if (spec === '') {
    errors.push(invalidValue(path.child('gmsaCredentialSpec'), spec, 'gmsaCredentialSpec cannot be an empty string'));
  } else if (spec !== undefined && Buffer.byteLength(spec) > maxSpecBytes) {
    errors.push(invalidValue(path.child('gmsaCredentialSpec'), spec, 'gmsaCredentialSpec size must be under 64 KiB'));
  }
  if (user !== undefined) addEach(errors, path.child('runAsUserName'), user, userProblems(user));
}

function userProblems(name: string): string[] {
  if (name === '') return ['runAsUserName cannot be an empty string'];
  if (controls.test(name)) return ['runAsUserName cannot contain control characters'];
  const parts = name.split('\\');
  if (parts.length > 2) return ['runAsUserName cannot contain more than one backslash'];
  const user = parts.at(-1)!;
  const domain = parts.length === 2 ? parts[0]! : undefined;
  const problems: string[] = [];
  if (domain !== undefined && domain.length >= maxDomainLength) {
    problems.push(`runAsUserName's Domain length must be under ${maxDomainLength} characters`);
  }
  if (domain !== undefined && !netBiosDomain.test(domain) && !dnsDomain.test(domain)) {
    problems.push("runAsUserName's Domain doesn't match the NetBios nor the DNS format");
  }
  if (user === '') problems.push("runAsUserName's User cannot be empty");
  else if (user.length > maxUserLength) {
    problems.push(`runAsUserName's User length must not be longer than ${maxUserLength} characters`);
  }
  if (onlyDotsOrSpaces.test(user)) problems.push("runAsUserName's User cannot contain only periods or spaces");
  if (wrongInUser.test(user)) {
    problems.push(`runAsUserName's User cannot contain the following characters: "/\\:;|=,+*?<>@[]`);
  }
  return problems;
}

/** Containers that are processes of the host: all of a pod's are, or none is. */
export function checkHostProcesses(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  const ofPod = spec.securityContext?.windowsOptions?.hostProcess;
  let count = 0;
  let onHost = 0;
  eachContainer(spec, path, (container, at) => {
    count++;
    const own = container.securityContext?.windowsOptions?.hostProcess;
    if (ofPod !== undefined && own !== undefined && ofPod !== own) {
      const detail = `pod hostProcess value must be identical if both are specified, was ${ofPod}`;
      errors.push(invalidValue(at().child('securityContext', 'windowsOptions', 'hostProcess'), own, detail));
    }
    if (own ?? ofPod) onHost++;
  });
  if (onHost === 0) return;
  if (onHost !== count) {
    const detail = 'If pod contains any hostProcess containers then all containers must be HostProcess containers';
    errors.push(invalidValue(path, '', detail));
  }
  if (!spec.hostNetwork) {
    const detail = 'hostNetwork must be true if pod contains any hostProcess containers';
    errors.push(invalidValue(path.child('hostNetwork'), false, detail));
  }
}

const linuxOnlyOfPod = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'fsGroup',
  'fsGroupChangePolicy',
  'sysctls',
  'runAsUser',
  'runAsGroup',
  'supplementalGroups',
  'supplementalGroupsPolicy',
  'seLinuxChangePolicy',
] as const satisfies readonly (keyof v1.PodSecurityContext)[];

const linuxOnlyOfContainer = [
  'appArmorProfile',
  'seLinuxOptions',
  'seccompProfile',
  'capabilities',
  'readOnlyRootFilesystem',
  'privileged',
  'allowPrivilegeEscalation',
  'procMount',
  'runAsUser',
  'runAsGroup',
] as const satisfies readonly (keyof v1.SecurityContext)[];

/** Of a pod that says that it needs Windows. */
export function checkForWindows(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  const refuse = (at: FieldPath): void => void errors.push(forbiddenField(at, 'cannot be set for a windows pod'));
  for (const name of linuxOnlyOfPod) {
    if (spec.securityContext?.[name] !== undefined) refuse(path.child('securityContext', name));
  }
  if (spec.hostUsers !== undefined) refuse(path.child('hostUsers'));
  if (spec.hostPID) refuse(path.child('hostPID'));
  if (spec.hostIPC) refuse(path.child('hostIPC'));
  if (spec.shareProcessNamespace !== undefined) refuse(path.child('shareProcessNamespace'));
  eachContainer(spec, path, ({ securityContext }, at) => {
    for (const name of linuxOnlyOfContainer) {
      if (securityContext?.[name] !== undefined) refuse(at().child('securityContext', name));
    }
  });
}

/** Of a pod that says that it needs Linux. */
export function checkForLinux(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  const detail = 'windows options cannot be set for a linux pod';
  if (spec.securityContext?.windowsOptions !== undefined) {
    errors.push(forbiddenField(path.child('securityContext', 'windowsOptions'), detail));
  }
  eachContainer(spec, path, ({ securityContext }, at) => {
    if (securityContext?.windowsOptions === undefined) return;
    errors.push(forbiddenField(at().child('securityContext', 'windowsOptions'), detail));
  });
}
