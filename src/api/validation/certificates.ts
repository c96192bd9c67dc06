import {
  duplicate,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  required,
  tooLong,
} from '../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, maxSubdomainLength } from '../names.ts';
import { equalPlain } from '../plain.ts';
import { quote } from '../text.ts';
import type { certificatesv1 } from '../types/index.ts';
import { addEach, type Errors, eachRepeated } from './checks.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');
const conditionsPath = fieldPath('status', 'conditions');
const certificatePath = fieldPath('status', 'certificate');
const MIN_SECONDS = 600;
const maxPathLength = maxSubdomainLength + 1 + 63;
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

type Request = certificatesv1.CertificateSigningRequest;
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
      checkKept(object, old, errors);
    },
    subresources: {
      status(object, old, errors) {
        checkConditions(object.status?.conditions ?? [], errors);
        checkKept(object, old, errors);
        const [certificate, before] = [object.status?.certificate, old.status?.certificate];
        if (equalPlain(certificate ?? '', before ?? '')) return;
        const problem = certificate ? certificateProblem(certificate) : undefined;
        if (problem !== undefined) errors.push(invalidValue(certificatePath, '<certificate data>', problem));
        if (!before) return;
        errors.push(forbiddenField(certificatePath, 'updates may not modify existing certificate content'));
      },
    },
  }),
};

function checkKept(object: Request, old: Request, errors: Errors): void {
  const types = (object.status?.conditions ?? []).map(({ type }) => type);
  for (const type of lasting) {
    if (types.includes(type) || !old.status?.conditions?.some((condition) => condition.type === type)) continue;
    errors.push(forbiddenField(conditionsPath, `updates may not remove a condition of type ${quote(type)}`));
  }
}

/** What is wrong with the form of a chain of certificates in PEM, which is given in base64. */
function certificateProblem(base64: string): string | undefined {
  const text = Buffer.from(base64, 'base64').toString('latin1');
  const blocks = [...text.matchAll(/-----BEGIN ([^-]+)-----\s([\s\S]*?)-----END \1-----/g)];
  if (blocks.length === 0) return 'must contain at least one CERTIFICATE PEM block';
  for (const [, type, body] of blocks) {
    if (type !== 'CERTIFICATE') return `only CERTIFICATE PEM blocks are allowed, found ${quote(type!)}`;
    if (body!.includes(':')) return 'no PEM block headers are permitted';
  }
  return undefined;
}

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
  const [domain = '', rest = '', ...more] = name.split('/');
  if (!name.includes('/') || more.length > 0) {
    const detail = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    errors.push(invalidValue(path, name, detail));
    return;
  }
  if (domain.length > maxSubdomainLength) errors.push(tooLong(path, maxSubdomainLength));
  checkSegments(errors, domain, checkDns1123Label);
  if (!domain.includes('.')) {
    errors.push(invalidValue(path, domain, 'should be a domain with at least two segments separated by dots'));
  }
  checkSegments(errors, rest, checkDns1123Subdomain);
  if (rest.length > maxPathLength) errors.push(tooLong(path, maxPathLength));
}

function checkSegments(errors: Errors, text: string, check: (label: string) => string[]): void {
  for (const label of text.split('.')) {
    const problems = check(label);
    const named = problems.map((problem) => `validating label ${quote(label)}: ${problem}`);
    addEach(errors, spec.child('signerName'), text, named);
    if (problems.length > 0) return;
  }
}

function checkConditions(conditions: Conditions, errors: Errors): void {
  const seen = new Set<string>();
  conditions.forEach(({ type, status }, index) => {
    const at = conditionsPath.index(index);
    if (!type) errors.push(required(at.child('type')));
    const allowed = lasting.includes(type) ? ['True'] : ['False', 'True', 'Unknown'];
    if (!status) errors.push(required(at.child('status')));
    else if (!allowed.includes(status)) errors.push(notSupported(at.child('status'), status, allowed));
    const other = type === 'Approved' ? 'Denied' : type === 'Denied' ? 'Approved' : undefined;
    if (other !== undefined && seen.has(other)) {
      errors.push(invalidValue(at.child('type'), type, 'Approved and Denied conditions are mutually exclusive'));
    }
    if (seen.has(type)) errors.push(duplicate(at.child('type'), type));
    seen.add(type);
  });
}
