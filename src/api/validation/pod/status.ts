import { isIPv6 } from 'node:net';
import {
  duplicate,
  type FieldPath,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
} from '../../field-errors.ts';
import { checkDns1123Subdomain, checkQualifiedName } from '../../names.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, checkImmutable, type Errors } from '../checks.ts';
import { checkClaimStatuses, checkExtendedClaim } from './claim-statuses.ts';
import { checkAddress } from './dns.ts';
import { checkId } from './security.ts';
import { noSpec } from './update.ts';

const path = fieldPath('status');
const generationText = 'must be a non-negative integer';

/** Conditions that Kubernetes knows and so doesn't look at. */
const ownConditions: ReadonlySet<string> = new Set(['PodScheduled', 'Ready', 'Initialized']);

/** What may be reported of a pod. */
export function checkStatusUpdate(errors: Errors, pod: v1.Pod, old: v1.Pod): void {
  const { spec = noSpec, status = {} } = pod;
  const { spec: oldSpec = noSpec, status: before = {} } = old;
  checkConditions(errors, status.conditions ?? []);
  if ((spec.nodeName ?? '') !== (oldSpec.nodeName ?? '')) {
    errors.push(forbiddenField(path.child('nodeName'), 'may not be changed directly'));
  }
  checkNomination(errors, status.nominatedNodeName, before.nominatedNodeName, oldSpec.nodeName);
  const { observedGeneration: generation } = status;
  if (generation !== undefined && generation < 0) {
    errors.push(invalidValue(path.child('observedGeneration'), generation, generationText));
  }
  checkImmutable(errors, path.child('qosClass'), status.qosClass ?? '', before.qosClass ?? '');
  checkContainerStatuses(errors, spec, status, oldSpec, before);
  checkClaimStatuses(errors, path.child('resourceClaimStatuses'), status.resourceClaimStatuses ?? [], spec);
  const { extendedResourceClaimStatus: extended } = status;
  if (extended !== undefined) checkExtendedClaim(errors, path.child('extendedResourceClaimStatus'), extended, spec);
  checkAddresses(errors, path.child('podIPs'), status.podIPs ?? []);
  const [hostIp] = status.hostIPs ?? [];
  if (hostIp !== undefined && hostIp.ip !== status.hostIP) {
    errors.push(invalidValue(path.child('hostIPs').index(0).child('ip'), hostIp.ip, 'must be equal to `hostIP`'));
  }
  checkAddresses(errors, path.child('hostIPs'), status.hostIPs ?? []);
}

function checkConditions(errors: Errors, conditions: readonly v1.PodCondition[]): void {
  for (const [index, { type, observedGeneration: generation }] of conditions.entries()) {
    const item = path.child('conditions').index(index);
    if (generation !== undefined && generation < 0) {
      errors.push(invalidValue(item.child('observedGeneration'), generation, generationText));
    }
    if (!ownConditions.has(type)) addEach(errors, item.child('Type'), type, checkQualifiedName(type ?? ''));
  }
}

function checkNomination(errors: Errors, name = '', before = '', bound = ''): void {
  if (name === '' || name === before) return;
  const at = path.child('nominatedNodeName');
  addEach(errors, at, name, checkDns1123Subdomain(name));
  if (bound) errors.push(forbiddenField(at, 'may not be set on pods that are already bound to a node'));
}

type Statuses = readonly v1.ContainerStatus[] | undefined;

function checkContainerStatuses(
  errors: Errors,
  spec: v1.PodSpec,
  status: v1.PodStatus,
  oldSpec: v1.PodSpec,
  old: v1.PodStatus,
): void {
  for (const [list, containers] of [
    ['containerStatuses', 'containers'],
    ['initContainerStatuses', 'initContainers'],
    ['ephemeralContainerStatuses', undefined],
  ] as const) {
    const at = path.child(list);
    const known = containers === undefined ? undefined : (oldSpec[containers] ?? []);
    checkTransitions(errors, at, status[list], old[list], (name, code) => {
      const container = known?.find((one) => one.name === name);
      return container !== undefined && isRestarted(container, oldSpec, code);
    });
    for (const [index, { user, allocatedResourcesStatus }] of (status[list] ?? []).entries()) {
      if (user?.linux !== undefined) checkUser(errors, at.index(index).child('linux'), user.linux, spec.os?.name);
      if (!allocatedResourcesStatus?.length) continue;
      const allocated = at.index(index).child('allocatedResourcesStatus');
      if (containers === undefined) {
        errors.push(forbiddenField(allocated, 'must not be specified in container status'));
      } else checkAllocated(errors, allocated, allocatedResourcesStatus);
    }
  }
}

/** A container that has ended runs again only where its restart policy says so. */
function checkTransitions(
  errors: Errors,
  at: FieldPath,
  statuses: Statuses = [],
  old: Statuses = [],
  mayRestart: (name: string, exitCode: number) => boolean,
): void {
  for (const [index, { name, state }] of old.entries()) {
    if (state?.terminated === undefined) continue;
    const runsAgain = statuses.some((status) => status.name === name && status.state?.terminated === undefined);
    if (!runsAgain || mayRestart(name, state.terminated.exitCode)) continue;
    const detail = 'may not be transitioned to non-terminated state';
    errors.push(forbiddenField(at.index(index).child('state'), detail));
  }
}

function isRestarted(container: v1.Container, spec: v1.PodSpec, exitCode: number): boolean {
  const rule = container.restartPolicyRules?.find(({ exitCodes }) => {
    const isListed = exitCodes?.values?.includes(exitCode) ?? false;
    return exitCodes !== undefined && (exitCodes.operator === 'In' ? isListed : !isListed);
  });
  if (rule?.action === 'Restart') return true;
  const policy = container.restartPolicy ?? spec.restartPolicy ?? 'Always';
  return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0);
}

function checkUser(errors: Errors, at: FieldPath, user: v1.LinuxContainerUser, system: string | undefined): void {
  if (system === 'windows') {
    errors.push(forbiddenField(at, 'cannot be set for a windows pod'));
    return;
  }
  checkId(errors, at.child('uid'), user.uid);
  checkId(errors, at.child('gid'), user.gid);
  for (const [index, group] of (user.supplementalGroups ?? []).entries()) {
    checkId(errors, at.child('supplementalGroups').index(index), group);
  }
}

const healths = ['Healthy', 'Unhealthy', 'Unknown'];

function checkAllocated(errors: Errors, at: FieldPath, statuses: readonly v1.ResourceStatus[]): void {
  for (const [index, { resources = [] }] of statuses.entries()) {
    const ids = new Set<string>();
    for (const [number, { resourceID, health = '' }] of resources.entries()) {
      const item = at.index(index).child('resources').index(number);
      if (!healths.includes(health)) errors.push(notSupported(item.child('health'), health, healths));
      if (ids.has(resourceID)) errors.push(duplicate(item.child('resourceID'), resourceID));
      ids.add(resourceID);
    }
  }
}

/** One address, or one of each family. */
function checkAddresses(errors: Errors, at: FieldPath, addresses: readonly { ip: string }[]): void {
  for (const [index, { ip }] of addresses.entries()) checkAddress(errors, at.index(index), ip);
  if (addresses.length < 2) return;
  const families = new Set(addresses.map(({ ip }) => isIPv6(ip)));
  if (addresses.length > 2 || families.size < 2) {
    errors.push(invalidValue(at, addresses, 'may specify no more than one IP for each IP family'));
  }
}
