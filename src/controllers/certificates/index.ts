export { certificateApprovingController, type MayRequest } from './approving.ts';
export { certificateCleanerController } from './cleaner.ts';
export { certificateSigningController, type SignCertificate } from './signing.ts';
