import { typeOf } from '../description/index.ts';
import type { FieldError } from '../field-errors.ts';
import type { KubernetesObject } from '../object.ts';
import type { PlainObject } from '../plain.ts';
import type { ResourceType } from '../resource.ts';
import { apiServiceRules } from './api-service.ts';
import { autoscalingRules } from './autoscaling.ts';
import { certificateRules } from './certificates.ts';
import { clusterRules } from './cluster.ts';
import { configMapRules, secretRules } from './config.ts';
import { definitionRules } from './definition/index.ts';
import { validateDescribed } from './described.ts';
import { disruptionBudgetRules } from './disruption.ts';
import { fixedKindRules } from './fixed-kinds.ts';
import { ingressRules } from './ingress.ts';
import { jobRules } from './jobs.ts';
import { limitRules } from './limits.ts';
import { validateMetadata, validateMetadataUpdate } from './metadata.ts';
import { networkPolicyRules } from './network-policy.ts';
import { podRules } from './pod/index.ts';
import type { KindRules } from './rules.ts';
import { serviceRules } from './service.ts';
import { storageRules } from './storage.ts';
import { workloadRules } from './workloads.ts';

const rules: Readonly<Record<string, KindRules | undefined>> = {
  Pod: podRules,
  Service: serviceRules,
  ConfigMap: configMapRules,
  Secret: secretRules,
  'APIService.apiregistration.k8s.io': apiServiceRules,
  'CustomResourceDefinition.apiextensions.k8s.io': definitionRules,
  ...workloadRules,
  ...jobRules,
  ...storageRules,
  ...limitRules,
  ...fixedKindRules,
  ...autoscalingRules,
  ...ingressRules,
  'NetworkPolicy.networking.k8s.io': networkPolicyRules,
  'PodDisruptionBudget.policy': disruptionBudgetRules,
  ...clusterRules,
  ...certificateRules,
};

type Checked = Pick<ResourceType, 'group' | 'kind' | 'namespaced' | 'custom'>;

/** What is wrong with a new object that is named and completed by applyDefaults; empty if nothing is. */
export function validate(object: KubernetesObject, type: Checked): FieldError[] {
  const errors = [...validateMetadata(object.metadata, type), ...validateContent(object, type)];
  rulesOf(type)?.checkCreate?.(object, errors);
  return errors;
}

/** What is wrong with changing `old` into `object`, as a whole or through a subresource. */
export function validateUpdate(
  object: KubernetesObject,
  old: KubernetesObject,
  type: Checked,
  subresource = '',
): FieldError[] {
  const part = rulesOf(type)?.subresources?.[subresource];
  if (part !== undefined) {
    const errors = validateMetadataUpdate(object.metadata, old.metadata);
    part(object, old, errors);
    return errors;
  }
  const errors = [...validateMetadataUpdate(object.metadata, old.metadata), ...validateContent(object, type, old)];
  rulesOf(type)?.checkUpdate?.(object, old, errors);
  return errors;
}

function validateContent(object: KubernetesObject, type: Checked, old?: KubernetesObject): FieldError[] {
  if (type.custom !== undefined) return type.custom.validate(object, old);
  const description = typeOf(object.apiVersion, object.kind);
  const errors = description === undefined ? [] : validateDescribed(object as unknown as PlainObject, description);
  rulesOf(type)?.check?.(object, errors);
  return errors;
}

function rulesOf({ group, kind }: Checked): KindRules | undefined {
  return rules[group === '' ? kind : `${kind}.${group}`];
}
