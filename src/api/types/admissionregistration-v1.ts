// Generated from: Go type declarations of Kubernetes v1.35.7.
// By: node src/api/generate/main.ts --facts FILE. Do not edit.

import type { KubernetesList, KubernetesObject } from '../object.ts';
import type * as metav1 from './meta-v1.ts';

export type FailurePolicyType = 'Ignore' | 'Fail';

export type MatchPolicyType = 'Exact' | 'Equivalent';

export type OperationType = '*' | 'CREATE' | 'UPDATE' | 'DELETE' | 'CONNECT';

export type ParameterNotFoundActionType = 'Allow' | 'Deny' | (string & {});

export type ReinvocationPolicyType = 'Never' | 'IfNeeded';

export type ScopeType = 'Cluster' | 'Namespaced' | '*';

export type SideEffectClass = 'Unknown' | 'None' | 'Some' | 'NoneOnDryRun';

export type ValidationAction = 'Deny' | 'Warn' | 'Audit';

export type ValidatingAdmissionPolicyConditionType = string;

export interface AuditAnnotation {
  key: string;
  valueExpression: string;
}

export interface ExpressionWarning {
  fieldRef: string;
  warning: string;
}

export interface MatchCondition {
  name: string;
  expression: string;
}

export interface MatchResources {
  namespaceSelector?: metav1.LabelSelector;
  objectSelector?: metav1.LabelSelector;
  resourceRules?: NamedRuleWithOperations[];
  excludeResourceRules?: NamedRuleWithOperations[];
  matchPolicy?: MatchPolicyType;
}

export interface MutatingWebhook {
  name: string;
  clientConfig: WebhookClientConfig;
  rules?: RuleWithOperations[];
  failurePolicy?: FailurePolicyType;
  namespaceSelector?: metav1.LabelSelector;
  sideEffects: SideEffectClass;
  timeoutSeconds?: number;
  admissionReviewVersions: string[];
  matchPolicy?: MatchPolicyType;
  reinvocationPolicy?: ReinvocationPolicyType;
  objectSelector?: metav1.LabelSelector;
  matchConditions?: MatchCondition[];
}

export interface MutatingWebhookConfiguration extends KubernetesObject {
  apiVersion: 'admissionregistration.k8s.io/v1';
  kind: 'MutatingWebhookConfiguration';
  webhooks?: MutatingWebhook[];
}

export interface MutatingWebhookConfigurationList extends KubernetesList<MutatingWebhookConfiguration> { apiVersion: 'admissionregistration.k8s.io/v1'; kind: 'MutatingWebhookConfigurationList' }

export interface NamedRuleWithOperations extends RuleWithOperations {
  resourceNames?: string[];
}

export interface ParamKind {
  apiVersion?: string;
  kind?: string;
}

export interface ParamRef {
  name?: string;
  namespace?: string;
  selector?: metav1.LabelSelector;
  parameterNotFoundAction?: ParameterNotFoundActionType;
}

export interface Rule {
  apiGroups?: string[];
  apiVersions?: string[];
  resources?: string[];
  scope?: ScopeType;
}

export interface RuleWithOperations extends Rule {
  operations?: OperationType[];
}

export interface ServiceReference {
  namespace: string;
  name: string;
  path?: string;
  port?: number;
}

export interface TypeChecking {
  expressionWarnings?: ExpressionWarning[];
}

export interface ValidatingAdmissionPolicy extends KubernetesObject {
  apiVersion: 'admissionregistration.k8s.io/v1';
  kind: 'ValidatingAdmissionPolicy';
  spec?: ValidatingAdmissionPolicySpec;
  status?: ValidatingAdmissionPolicyStatus;
}

export interface ValidatingAdmissionPolicyBinding extends KubernetesObject {
  apiVersion: 'admissionregistration.k8s.io/v1';
  kind: 'ValidatingAdmissionPolicyBinding';
  spec?: ValidatingAdmissionPolicyBindingSpec;
}

export interface ValidatingAdmissionPolicyBindingList extends KubernetesList<ValidatingAdmissionPolicyBinding> { apiVersion: 'admissionregistration.k8s.io/v1'; kind: 'ValidatingAdmissionPolicyBindingList' }

export interface ValidatingAdmissionPolicyBindingSpec {
  policyName?: string;
  paramRef?: ParamRef;
  matchResources?: MatchResources;
  validationActions?: ValidationAction[];
}

export interface ValidatingAdmissionPolicyList extends KubernetesList<ValidatingAdmissionPolicy> { apiVersion: 'admissionregistration.k8s.io/v1'; kind: 'ValidatingAdmissionPolicyList' }

export interface ValidatingAdmissionPolicySpec {
  paramKind?: ParamKind;
  matchConstraints?: MatchResources;
  validations?: Validation[];
  failurePolicy?: FailurePolicyType;
  auditAnnotations?: AuditAnnotation[];
  matchConditions?: MatchCondition[];
  variables?: Variable[];
}

export interface ValidatingAdmissionPolicyStatus {
  observedGeneration?: number;
  typeChecking?: TypeChecking;
  conditions?: metav1.Condition[];
}

export interface ValidatingWebhook {
  name: string;
  clientConfig: WebhookClientConfig;
  rules?: RuleWithOperations[];
  failurePolicy?: FailurePolicyType;
  namespaceSelector?: metav1.LabelSelector;
  sideEffects: SideEffectClass;
  timeoutSeconds?: number;
  admissionReviewVersions: string[];
  matchPolicy?: MatchPolicyType;
  objectSelector?: metav1.LabelSelector;
  matchConditions?: MatchCondition[];
}

export interface ValidatingWebhookConfiguration extends KubernetesObject {
  apiVersion: 'admissionregistration.k8s.io/v1';
  kind: 'ValidatingWebhookConfiguration';
  webhooks?: ValidatingWebhook[];
}

export interface ValidatingWebhookConfigurationList extends KubernetesList<ValidatingWebhookConfiguration> { apiVersion: 'admissionregistration.k8s.io/v1'; kind: 'ValidatingWebhookConfigurationList' }

export interface Validation {
  expression: string;
  message?: string;
  reason?: metav1.StatusReason;
  messageExpression?: string;
}

export interface Variable {
  name: string;
  expression: string;
}

export interface WebhookClientConfig {
  service?: ServiceReference;
  caBundle?: metav1.Base64;
  url?: string;
}
