export { type CertificateSubject, parseCertificateRequest } from './request.ts';
export { kubeletClientProblem, signerNames, signerRefusal } from './signers.ts';
