import test from 'ava';
import { checkNew, checkPart, type Json, type Kind } from './support/validation.ts';

const kind: Kind = { apiVersion: 'certificates.k8s.io/v1', kind: 'CertificateSigningRequest', cluster: true };
const request = (spec: Json = {}, status: Json = {}): Json => ({
  spec: { request: 'YQ==', signerName: 'example.com/signer', usages: ['client auth'], ...spec },
  status,
});
const signer = (signerName: string): Json => request({ signerName });
const pem = (type: string): string =>
  Buffer.from(`-----BEGIN ${type}-----\nYQ==\n-----END ${type}-----\n`).toString('base64');

test('requests for certificates', (t) => {
  checkNew(t, kind, [
    [request(), []],
    [request({ usages: [] }), ['spec.usages: Required value']],
    [request({ usages: ['client auth', 'client auth'] }), ['spec.usages[1]: Duplicate value: "client auth"']],
    [
      request({ usages: ['fun'] }),
      [/^spec\.usages\[0\]: Unsupported value: "fun": supported values: "any", "cert sign"/],
    ],
    [signer(''), ['spec.signerName: Required value']],
    [signer('kubernetes.io/legacy-unknown'), [/the legacy signerName is not allowed via this API version$/]],
    [signer('x'), [/must be a fully qualified domain and path of the form 'example\.com\/signer-name'$/]],
    [
      signer('a/b'),
      ['spec.signerName: Invalid value: "a": should be a domain with at least two segments separated by dots'],
    ],
    [
      signer('A.b/c'),
      [/^spec\.signerName: Invalid value: "A\.b": validating label "A": a lowercase RFC 1123 label must/],
    ],
    [
      signer('a.b/C'),
      [/^spec\.signerName: Invalid value: "C": validating label "C": a lowercase RFC 1123 subdomain must/],
    ],
    [
      request({ expirationSeconds: 5 }),
      ['spec.expirationSeconds: Invalid value: 5: may not specify a duration less than 600 seconds (10 minutes)'],
    ],
  ]);
});

test('what is reported of requests for certificates', (t) => {
  const conditions = (...list: Json[]): Json => request({}, { conditions: list });
  const approved = { type: 'Approved', status: 'True' };
  const at = 'status.conditions';
  checkPart(t, kind, [
    [conditions(approved), request({}, { conditions: [approved], certificate: pem('CERTIFICATE') }), []],
    [conditions(approved), conditions(), [`${at}: Forbidden: updates may not remove a condition of type "Approved"`]],
    [
      conditions(),
      conditions({ type: 'Failed', status: 'False' }, { type: 'Mine' }, { status: 'Odd' }),
      [
        `${at}[0].status: Unsupported value: "False": supported values: "True"`,
        `${at}[1].status: Required value`,
        `${at}[2].type: Required value`,
        `${at}[2].status: Unsupported value: "Odd": supported values: "False", "True", "Unknown"`,
      ],
    ],
    [
      conditions(),
      conditions(approved, { type: 'Denied', status: 'True' }, approved),
      [
        `${at}[1].type: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive`,
        `${at}[2].type: Invalid value: "Approved": Approved and Denied conditions are mutually exclusive`,
        `${at}[2].type: Duplicate value: "Approved"`,
      ],
    ],
    [
      request(),
      request({}, { certificate: 'YQ==' }),
      ['status.certificate: Invalid value: "<certificate data>": must contain at least one CERTIFICATE PEM block'],
    ],
    [
      request(),
      request({}, { certificate: pem('KEY') }),
      ['status.certificate: Invalid value: "<certificate data>": only CERTIFICATE PEM blocks are allowed, found "KEY"'],
    ],
    [
      request({}, { certificate: pem('CERTIFICATE') }),
      request({}, {}),
      ['status.certificate: Forbidden: updates may not modify existing certificate content'],
    ],
  ]);
});
