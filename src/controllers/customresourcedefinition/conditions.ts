import { type apiextensionsv1, isTrue, withCondition } from '../../api/index.ts';
import { judgeNames } from './names.ts';

type Definition = apiextensionsv1.CustomResourceDefinition;
type Status = apiextensionsv1.CustomResourceDefinitionStatus;
type Condition = apiextensionsv1.CustomResourceDefinitionCondition;

const APPROVAL = 'api-approved.kubernetes.io';

/** The status that a definition should have beside the others of its group. `now`: RFC 3339. Pure. */
export function statusOf(definition: Definition, others: readonly Definition[], now: string): Status {
  const { spec, status } = definition;
  const names = others.flatMap((other) => other.status?.acceptedNames ?? []);
  const { accepted, conflict } = judgeNames(spec.names, status?.acceptedNames, names);
  const condition = (
    type: string,
    value: 'True' | 'False',
    { reason, message }: { reason: string; message: string },
  ): Condition => ({ type, status: value, lastTransitionTime: now, reason, message });
  let next: Status = withCondition(
    { ...status, acceptedNames: accepted },
    conflict === undefined
      ? condition('NamesAccepted', 'True', { reason: 'NoConflicts', message: 'no conflicts found' })
      : condition('NamesAccepted', 'False', conflict),
  );
  // Once established, always: its objects are there.
  if (!isTrue(definition, 'Established')) {
    next = withCondition(
      next,
      conflict === undefined
        ? condition('Established', 'True', {
            reason: 'InitialNamesAccepted',
            message: 'the initial names have been accepted',
          })
        : condition('Established', 'False', { reason: 'NotAccepted', message: 'not all names are accepted' }),
    );
  }
  const approval = approvalOf(definition);
  return approval === undefined
    ? next
    : withCondition(next, condition('KubernetesAPIApprovalPolicyConformant', approval.status, approval));
}

/** Groups of Kubernetes' own are for APIs that its community has agreed to. */
function approvalOf({
  metadata,
  spec,
}: Definition): { status: 'True' | 'False'; reason: string; message: string } | undefined {
  if (!/(^|\.)(k8s|kubernetes)\.io$/.test(spec.group)) return undefined;
  const value = metadata.annotations?.[APPROVAL] ?? '';
  if (value.startsWith('unapproved')) {
    return { status: 'False', reason: 'UnapprovedAnnotation', message: `not approved: ${JSON.stringify(value)}` };
  }
  if (URL.canParse(value)) return { status: 'True', reason: 'ApprovedAnnotation', message: `approved in ${value}` };
  const message = `protected groups must have approval annotation "${APPROVAL}", see https://github.com/kubernetes/enhancements/pull/1111`;
  return value === ''
    ? { status: 'False', reason: 'MissingAnnotation', message }
    : { status: 'False', reason: 'InvalidAnnotation', message: `${message}; found ${JSON.stringify(value)}` };
}
