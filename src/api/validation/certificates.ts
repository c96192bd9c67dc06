import { duplicate, fieldPath, forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { equalPlain } from '../plain.ts';
import type { certificatesv1 } from '../types/index.ts';
import { type Errors, eachRepeated } from './checks.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
const conditionsPath = fieldPath('status', 'conditions');
const MIN_SECONDS = 600;
/** Conditions that are for ever. */
const lasting = ['Approved', 'Denied', 'Failed'];

const usages = [
  'signing',
  'digital signature',
  'content commitment',
  'key encipherment',
  'key agreement',
  'data encipherment',
  'cert sign',
  'crl sign',
  'encipher only',
  'decipher only',
  'any',
  'server auth',
  'client auth',
  'code signing',
  'email protection',
  's/mime',
  'ipsec end system',
  'ipsec tunnel',
  'ipsec user',
  'timestamping',
  'ocsp signing',
  'microsoft sgc',
  'netscape sgc',
];

type Conditions = readonly certificatesv1.CertificateSigningRequestCondition[];

/** What is checked of certificate signing requests; their bytes are admission's matter. */
export const certificateRules: Readonly<Record<string, KindRules>> = {
  'CertificateSigningRequest.certificates.k8s.io': kindRules<certificatesv1.CertificateSigningRequest>({
    check(object, errors) {
      const { usages: asked = [], signerName = '', expirationSeconds } = object.spec;
      if (asked.length === 0) errors.push(required(spec.child('usages')));
      asked.forEach((usage, index) => {
        if (!usages.includes(usage))
          errors.push(notSupported(spec.child('usages').index(index), usage, [...usages].sort()));
      });
      eachRepeated(
        asked,
        (usage) => usage,
        (usage, index) => errors.push(duplicate(spec.child('usages').index(index), usage)),
      );
      checkSignerName(signerName, errors);
      if (expirationSeconds !== undefined && expirationSeconds < MIN_SECONDS) {
        const detail = `may not specify a duration less than ${MIN_SECONDS} seconds (10 minutes)`;
        errors.push(invalidValue(spec.child('expirationSeconds'), expirationSeconds, detail));
      }
      checkConditions(object.status?.conditions ?? [], errors);
    },
    checkUpdate(object, old, errors) {
      const types = new Set((object.status?.conditions ?? []).map(({ type }) => type));
      for (const { type } of old.status?.conditions ?? []) {
        if (!lasting.includes(type) || types.has(type)) continue;
        errors.push(
          forbiddenField(conditionsPath, `updates may not remove a condition of type ${JSON.stringify(type)}`),
        );
      }
      const before = old.status?.certificate;
      if (before && !equalPlain(before, object.status?.certificate)) {
        const detail = 'updates may not set certificate content once it is set';
        errors.push(forbiddenField(fieldPath('status', 'certificate'), detail));
      }
    },
  }),
};

function checkSignerName(name: string, errors: Errors): void {
  const path = spec.child('signerName');
  if (name === '') {
    errors.push(required(path));
    return;
  }
  if (name === 'kubernetes.io/legacy-unknown') {
    errors.push(invalidValue(path, name, 'the legacy signerName is not allowed via this API version'));
    return;
  }
  const label = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
  const fits = new RegExp(`^${label}(\\.${label})+/[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$`).test(name);
  if (!fits || name.length > 571) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    errors.push(invalidValue(path, name, detail));
  }
}

function checkConditions(conditions: Conditions, errors: Errors): void {
  const types = conditions.map(({ type }) => type);
  if (types.includes('Approved') && types.includes('Denied')) {
    errors.push(invalidValue(conditionsPath, 'Denied', 'Approved and Denied conditions are mutually exclusive'));
  }
  conditions.forEach(({ type, status }, index) => {
    if (!type) errors.push(required(conditionsPath.index(index).child('type')));
    if (lasting.includes(type) && status !== 'True') {
      errors.push(notSupported(conditionsPath.index(index).child('status'), status, ['True']));
    }
  });
  eachRepeated(
    types,
    (type) => type,
    (type, index) => errors.push(duplicate(conditionsPath.index(index).child('type'), type)),
  );
}
