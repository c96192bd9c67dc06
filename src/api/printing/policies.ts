import type { admissionregistrationv1, flowcontrolv1 } from '../types/index.ts';
import { age, ageColumn, column, nameColumn, nameOf, orNone, type Printer, printer, selectorText } from './printer.ts';

/** Printers of what decides on requests by rules, by kind and group. */
export const policyPrinters: Readonly<Record<string, Printer>> = {
  'ValidatingAdmissionPolicy.admissionregistration.k8s.io': printer<admissionregistrationv1.ValidatingAdmissionPolicy>(
    [
      nameColumn,
      column('Validations', 'How many validations it has.', 'integer'),
      column('ParamKind', 'Kind of its parameters.'),
      ageColumn,
    ],
    (policy, now) => {
      const { validations = [], paramKind } = policy.spec ?? {};
      return [
        nameOf(policy),
        validations.length,
        paramKind === undefined ? '<unset>' : `${paramKind.apiVersion ?? ''}/${paramKind.kind ?? ''}`,
        age(policy, now),
      ];
    },
  ),
  'ValidatingAdmissionPolicyBinding.admissionregistration.k8s.io':
    printer<admissionregistrationv1.ValidatingAdmissionPolicyBinding>(
      [
        nameColumn,
        column('PolicyName', 'Policy that it puts to work.'),
        column('ParamRef', 'Its parameters.'),
        ageColumn,
      ],
      (binding, now) => [
        nameOf(binding),
        binding.spec?.policyName ?? '',
        paramText(binding.spec?.paramRef),
        age(binding, now),
      ],
    ),
  'FlowSchema.flowcontrol.apiserver.k8s.io': printer<flowcontrolv1.FlowSchema>(
    [
      nameColumn,
      column('PriorityLevel', 'Where its requests are queued.'),
      column('MatchingPrecedence', 'The lowest of the schemas that match wins.'),
      column('DistinguisherMethod', 'What tells its flows apart.'),
      ageColumn,
      column('MissingPL', 'Whether its priority level is missing.'),
    ],
    (schema, now) => {
      const { priorityLevelConfiguration, matchingPrecedence, distinguisherMethod } = schema.spec ?? {};
      return [
        nameOf(schema),
        priorityLevelConfiguration?.name ?? '',
        matchingPrecedence ?? 0,
        orNone(distinguisherMethod?.type),
        age(schema, now),
        schema.status?.conditions?.find(({ type }) => type === 'Dangling')?.status ?? '?',
      ];
    },
  ),
  'PriorityLevelConfiguration.flowcontrol.apiserver.k8s.io': printer<flowcontrolv1.PriorityLevelConfiguration>(
    [
      nameColumn,
      column('Type', 'Whether its requests are limited.'),
      column('NominalConcurrencyShares', 'Its share of the requests that run at a time.'),
      column('Queues', 'How many queues it has.'),
      column('HandSize', 'How many of them one flow may use.'),
      column('QueueLengthLimit', 'How many requests may wait in a queue.'),
      ageColumn,
    ],
    (level, now) => {
      const { type, limited } = level.spec ?? {};
      const queuing = limited?.limitResponse?.queuing;
      return [
        nameOf(level),
        type ?? '',
        limited?.nominalConcurrencyShares ?? '<none>',
        queuing?.queues ?? '<none>',
        queuing?.handSize ?? '<none>',
        queuing?.queueLengthLimit ?? '<none>',
        age(level, now),
      ];
    },
  ),
};

function paramText(parameters: admissionregistrationv1.ParamRef | undefined): string {
  const { name, namespace, selector } = parameters ?? {};
  // Without a namespace it is that of the object which is judged, or the parameters have none.
  if (name) return `${namespace || '*'}/${name}`;
  return selector === undefined ? '<unset>' : selectorText(selector);
}
