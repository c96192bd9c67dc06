import { fieldPath, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkDns1035Label, checkDns1123Subdomain } from '../names.ts';
import type { apiregistrationv1 } from '../types/index.ts';
import { addEach, type Errors } from './checks.ts';
import { type KindRules, kindRules } from './rules.ts';

const maxGroupPriority = 20_000;
const maxVersionPriority = 1_000;
const conditionStatuses = ['True', 'False', 'Unknown'];

/** Rules of APIService. */
export const apiServiceRules: KindRules = kindRules<apiregistrationv1.APIService>({
  check({ metadata, spec = { groupPriorityMinimum: 0, versionPriority: 0 }, status }, errors) {
    const { group = '', version = '', groupPriorityMinimum = 0, versionPriority = 0 } = spec;
    const path = fieldPath('spec');
    const name = `${version}.${group}`;
    if (metadata.name !== name) {
      const detail = `must be \`spec.version+"."+spec.group\`: ${JSON.stringify(name)}`;
      errors.push(invalidValue(fieldPath('metadata', 'name'), metadata.name, detail));
    }
    if (group !== '') addEach(errors, path.child('group'), group, checkDns1123Subdomain(group));
    else if (version !== 'v1') {
      const detail = 'only v1 may have an empty group and it better be legacy kube';
      errors.push(required(path.child('group'), detail));
    }
    addEach(errors, path.child('version'), version, checkDns1035Label(version));
    if (groupPriorityMinimum <= 0 || groupPriorityMinimum > maxGroupPriority) {
      const detail = `must be positive and less than ${maxGroupPriority}`;
      errors.push(invalidValue(path.child('groupPriorityMinimum'), groupPriorityMinimum, detail));
    }
    if (versionPriority <= 0 || versionPriority > maxVersionPriority) {
      const detail = `must be positive and less than ${maxVersionPriority}`;
      errors.push(invalidValue(path.child('versionPriority'), versionPriority, detail));
    }
    checkServer(errors, spec);
    status?.conditions?.forEach((condition, index) => {
      if (conditionStatuses.includes(condition.status)) return;
      const place = fieldPath('status', 'conditions').index(index).child('status');
      errors.push(notSupported(place, condition.status, conditionStatuses));
    });
  },
});

/** Where another server is named, and how it is known; a local one needs neither. */
function checkServer(
  errors: Errors,
  { service, caBundle, insecureSkipTLSVerify }: Partial<apiregistrationv1.APIServiceSpec>,
): void {
  const path = fieldPath('spec');
  const insecure = path.child('insecureSkipTLSVerify');
  if (service === undefined || service === null) {
    if (caBundle) {
      const size = `${Buffer.from(caBundle, 'base64').length} bytes`;
      errors.push(invalidValue(path.child('caBundle'), size, 'local APIServices may not have a caBundle'));
    }
    if (insecureSkipTLSVerify) {
      errors.push(invalidValue(insecure, true, 'local APIServices may not have insecureSkipTLSVerify'));
    }
    return;
  }
  if (!service.namespace) errors.push(required(path.child('service').child('namespace')));
  if (!service.name) errors.push(required(path.child('service').child('name')));
  if (insecureSkipTLSVerify && caBundle) {
    errors.push(invalidValue(insecure, true, 'may not be true if caBundle is present'));
  }
}
