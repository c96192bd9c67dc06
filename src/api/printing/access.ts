import { humanDuration } from '../time.ts';
import type { admissionregistrationv1, apiregistrationv1, certificatesv1, rbacv1 } from '../types/index.ts';
import { age, ageColumn, column, nameColumn, nameOf, orNone, type Printer, printer, wide } from './printer.ts';

const bindingColumns = [
  nameColumn,
  column('Role', 'Role that is bound.'),
  ageColumn,
  wide('Users', 'Users that it is bound to.'),
  wide('Groups', 'Groups that it is bound to.'),
  wide('ServiceAccounts', 'Service accounts that it is bound to.'),
];
const bindingPrinter = printer<rbacv1.RoleBinding>(bindingColumns, (binding, now) => [
  nameOf(binding),
  `${binding.roleRef.kind}/${binding.roleRef.name}`,
  age(binding, now),
  subjects(binding, 'User'),
  subjects(binding, 'Group'),
  subjects(binding, 'ServiceAccount'),
]);

const webhookPrinter = printer<admissionregistrationv1.MutatingWebhookConfiguration>(
  [nameColumn, column('Webhooks', 'How many webhooks it has.', 'integer'), ageColumn],
  (configuration, now) => [nameOf(configuration), configuration.webhooks?.length ?? 0, age(configuration, now)],
);

/** Printers of who may do what, by kind and group. */
export const accessPrinters: Readonly<Record<string, Printer>> = {
  'RoleBinding.rbac.authorization.k8s.io': bindingPrinter,
  'ClusterRoleBinding.rbac.authorization.k8s.io': bindingPrinter,
  'MutatingWebhookConfiguration.admissionregistration.k8s.io': webhookPrinter,
  'ValidatingWebhookConfiguration.admissionregistration.k8s.io': webhookPrinter,
  'APIService.apiregistration.k8s.io': printer<apiregistrationv1.APIService>(
    [nameColumn, column('Service', 'Who serves it.'), column('Available', 'Whether it is served.'), ageColumn],
    (service, now) => {
      const { namespace, name } = service.spec?.service ?? {};
      return [
        nameOf(service),
        name === undefined ? 'Local' : `${namespace}/${name}`,
        availability(service),
        age(service, now),
      ];
    },
  ),
  'CertificateSigningRequest.certificates.k8s.io': printer<certificatesv1.CertificateSigningRequest>(
    [
      nameColumn,
      ageColumn,
      column('SignerName', 'Who should sign.'),
      column('Requestor', 'Who asks.'),
      column('RequestedDuration', 'For how long.'),
      column('Condition', 'Whether it is approved and issued.'),
    ],
    (request, now) => {
      const { expirationSeconds, signerName, username } = request.spec;
      return [
        nameOf(request),
        age(request, now),
        orNone(signerName),
        username ?? '',
        expirationSeconds === undefined ? '<none>' : humanDuration(expirationSeconds * 1000),
        requestState(request),
      ];
    },
  ),
};

function availability({ status }: apiregistrationv1.APIService): string {
  const condition = status?.conditions?.find(({ type }) => type === 'Available');
  if (condition === undefined) return 'Unknown';
  return condition.status === 'True' || !condition.reason
    ? condition.status
    : `${condition.status} (${condition.reason})`;
}

function subjects({ subjects: all = [] }: rbacv1.RoleBinding, wanted: string): string {
  return all
    .filter(({ kind }) => kind === wanted)
    .map(({ namespace, name }) => (wanted === 'ServiceAccount' ? `${namespace}/${name}` : name))
    .join(', ');
}

function requestState({ status }: certificatesv1.CertificateSigningRequest): string {
  const has = (wanted: string): boolean => status?.conditions?.some(({ type }) => type === wanted) ?? false;
  const decision = has('Denied') ? 'Denied' : has('Approved') ? 'Approved' : 'Pending';
  return `${decision}${has('Failed') ? ',Failed' : ''}${status?.certificate ? ',Issued' : ''}`;
}
