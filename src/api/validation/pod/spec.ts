import { duplicate, type FieldPath, fieldPath, invalidValue, notSupported, required } from '../../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkQualifiedName, checkRange } from '../../names.ts';
import type { ObjectMeta } from '../../object.ts';
import type { v1 } from '../../types/index.ts';
import { addEach, checkGiven, checkLabels, checkOneOf, type Errors } from '../checks.ts';
import { goForm } from '../go-form.ts';
import { checkTolerations } from '../placement.ts';
import { checkAffinity } from './affinity.ts';
import { type ContainerContext, checkContainers, checkEphemeralContainers, checkInitContainers } from './containers.ts';
import { checkDns, checkHostAliases, checkHostnames } from './dns.ts';
import { checkPodResources } from './pod-resources.ts';
import { checkHostNetworkPorts } from './ports.ts';
import { checkContainerResources } from './resources.ts';
import { checkOwnUsers, checkPodSecurity } from './security.ts';
import { checkSpread } from './spread.ts';
import { checkVolumes } from './volumes.ts';
import { checkForLinux, checkForWindows, checkHostProcesses } from './windows.ts';

const maxInt32 = 2 ** 31 - 1;
const restartPolicies = ['Always', 'OnFailure', 'Never'];
const dnsPolicies = ['ClusterFirstWithHostNet', 'ClusterFirst', 'Default', 'None'];
const preemptionPolicies = ['PreemptLowerPriority', 'Never'];
const systems = ['linux', 'windows'];
const noNames: ReadonlySet<string> = new Set();

/** The path of a pod's own spec. */
export const podSpecPath = fieldPath('spec');

/** Of a pod, or of a template for pods; `metadata`: the pod's, if it is one. The order is Kubernetes'. */
export function checkPodSpec(errors: Errors, path: FieldPath, spec: v1.PodSpec, metadata?: ObjectMeta): void {
  const { terminationGracePeriodSeconds: grace } = spec;
  if (grace === undefined) errors.push(required(path.child('terminationGracePeriodSeconds')));
  checkParts(errors, path, spec, metadata);
  if (spec.hostNetwork) {
    checkHostNetworkPorts(errors, path.child('containers'), spec.containers ?? [], metadata !== undefined);
  }
  checkOneOf(errors, path.child('restartPolicy'), spec.restartPolicy, restartPolicies);
  checkOneOf(errors, path.child('dnsPolicy'), spec.dnsPolicy, dnsPolicies);
  if (spec.nodeSelector !== undefined) checkLabels(errors, path.child('nodeSelector'), spec.nodeSelector);
  const { securityContext, affinity, topologySpreadConstraints: constraints } = spec;
  if (securityContext !== undefined) checkPodSecurity(errors, path.child('securityContext'), securityContext, spec);
  if (affinity !== undefined) checkAffinity(errors, path.child('affinity'), affinity);
  checkDns(errors, path.child('dnsConfig'), spec);
  checkGates(errors, path, spec);
  if (constraints !== undefined) checkSpread(errors, path.child('topologySpreadConstraints'), constraints);
  checkHostProcesses(errors, path, spec);
  checkOwnUsers(errors, path, spec);
  checkReferences(errors, path, spec);
  checkHostnames(errors, path, spec);
  if (spec.tolerations !== undefined) checkTolerations(errors, path.child('tolerations'), spec.tolerations);
  if (spec.hostAliases !== undefined) checkHostAliases(errors, path.child('hostAliases'), spec.hostAliases);
  checkClasses(errors, path, spec);
  if (spec.os !== undefined) checkSystem(errors, path, spec, spec.os);
}

/** Volumes, claims, and the containers that use them. */
function checkParts(errors: Errors, path: FieldPath, spec: v1.PodSpec, metadata: ObjectMeta | undefined): void {
  const volumes = checkVolumes(errors, path.child('volumes'), spec.volumes ?? [], metadata);
  const claimNames =
    spec.resourceClaims === undefined
      ? noNames
      : checkClaims(errors, path.child('resourceClaims'), spec.resourceClaims);
  const context: ContainerContext = {
    volumes,
    claimNames,
    restartPolicy: spec.restartPolicy,
    grace: spec.terminationGracePeriodSeconds,
    hostUsers: spec.hostUsers !== false,
  };
  const containers = spec.containers ?? [];
  const { initContainers = [], ephemeralContainers = [] } = spec;
  checkContainers(errors, path.child('containers'), containers, context);
  checkInitContainers(errors, path.child('initContainers'), initContainers, containers, context);
  if (ephemeralContainers.length > 0) {
    const others = [...containers, ...initContainers];
    checkEphemeralContainers(errors, path.child('ephemeralContainers'), ephemeralContainers, others, context);
  }
  checkPodResources(errors, path.child('resources'), spec);
}

/** Returns the claims' names. */
function checkClaims(errors: Errors, path: FieldPath, claims: readonly v1.PodResourceClaim[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const [index, claim] of claims.entries()) {
    const { name, resourceClaimName: claimName, resourceClaimTemplateName: templateName } = claim;
    const item = path.index(index);
    if (checkGiven(errors, item.child('name'), name)) {
      if (names.has(name)) errors.push(duplicate(item.child('name'), name));
      else addEach(errors, item.child('name'), name, checkDns1123Label(name));
      names.add(name);
    }
    const value = (): unknown => goForm(claim, ['name', 'resourceClaimName', 'resourceClaimTemplateName']);
    if (claimName !== undefined && templateName !== undefined) {
      const detail = 'at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified';
      errors.push(invalidValue(item, value(), detail));
    } else if (claimName === undefined && templateName === undefined) {
      const detail = 'must specify one of: `resourceClaimName`, `resourceClaimTemplateName`';
      errors.push(invalidValue(item, value(), detail));
    }
    if (claimName !== undefined) {
      addEach(errors, item.child('resourceClaimName'), claimName, checkDns1123Subdomain(claimName));
    }
    if (templateName !== undefined) {
      addEach(errors, item.child('resourceClaimTemplateName'), templateName, checkDns1123Subdomain(templateName));
    }
  }
  return names;
}

function checkGates(errors: Errors, path: FieldPath, { readinessGates = [], schedulingGates = [] }: v1.PodSpec): void {
  for (const [index, { conditionType: type = '' }] of readinessGates.entries()) {
    addEach(errors, path.child('readinessGates').index(index).child('conditionType'), type, checkQualifiedName(type));
  }
  const seen = new Set<string>();
  for (const [index, { name = '' }] of schedulingGates.entries()) {
    const item = path.child('schedulingGates').index(index);
    addEach(errors, item, name, checkQualifiedName(name));
    if (seen.has(name)) errors.push(duplicate(item, name));
    seen.add(name);
  }
}

function checkReferences(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  for (const name of ['serviceAccountName', 'nodeName'] as const) {
    const value = spec[name];
    if (value) addEach(errors, path.child(name), value, checkDns1123Subdomain(value));
  }
  const { activeDeadlineSeconds: deadline } = spec;
  if (deadline === undefined) return;
  addEach(errors, path.child('activeDeadlineSeconds'), deadline, checkRange(deadline, 1, maxInt32));
}

function checkClasses(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  const { priorityClassName: priority, runtimeClassName: runtime, preemptionPolicy, overhead } = spec;
  if (priority) addEach(errors, path.child('priorityClassName'), priority, checkDns1123Subdomain(priority));
  if (runtime !== undefined) {
    addEach(errors, path.child('runtimeClassName'), runtime, checkDns1123Subdomain(runtime));
  }
  if (preemptionPolicy !== undefined) {
    checkOneOf(errors, path.child('preemptionPolicy'), preemptionPolicy, preemptionPolicies);
  }
  if (overhead !== undefined) checkContainerResources(errors, path.child('overhead'), { limits: overhead }, noNames);
}

function checkSystem(errors: Errors, path: FieldPath, spec: v1.PodSpec, { name }: v1.PodOS): void {
  if (!name) errors.push(required(path.child('os', 'name'), 'cannot be empty'));
  else if (!systems.includes(name)) errors.push(notSupported(path.child('os'), name, systems));
  else if (name === 'linux') checkForLinux(errors, path, spec);
  else checkForWindows(errors, path, spec);
}
