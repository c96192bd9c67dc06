import { type ServiceError, status } from '@grpc/grpc-js';
import { KeelsonError } from '../../base/index.ts';
import {
  DuplicateKeyError,
  InvalidRequestError,
  KeyNotFoundError,
  LeaseExistsError,
  LeaseNotFoundError,
  NoSpaceError,
  TooLargeError,
} from '../../store/index.ts';
import { etcdErrors } from '../errors.ts';

/** What the caller knows about its request, for the errors' texts. */
export interface Subject {
  lease?: number;
}

type Translation = (subject: Subject, details: string) => KeelsonError;

const later: Translation = (_, details) =>
  new KeelsonError('OVERLOADED', `etcd is overloaded (${details}): try again later`);

/** By etcd's own words. Of COMPACTED, the store finds out more. */
const byDetails: ReadonlyMap<string, Translation> = new Map<string, Translation>([
  [etcdErrors.compacted().message, () => new KeelsonError('COMPACTED', 'that revision was compacted')],
  [etcdErrors.futureRevision().message, () => new KeelsonError('FUTURE_REVISION', 'that revision is in the future')],
  [etcdErrors.leaseNotFound().message, ({ lease }) => noLease(lease)],
  [etcdErrors.leaseExists().message, ({ lease = 0 }) => new LeaseExistsError(lease)],
  [etcdErrors.duplicateKey().message, () => new DuplicateKeyError()],
  [etcdErrors.keyNotFound().message, () => new KeyNotFoundError()],
  [
    etcdErrors.tooLarge().message,
    () => new TooLargeError('the request is too large for etcd (see its --max-request-bytes)'),
  ],
  [
    etcdErrors.tooManyOperations().message,
    () => new TooLargeError('the transaction has too many operations for etcd (see its --max-txn-ops)'),
  ],
  [etcdErrors.noSpace().message, () => new NoSpaceError('etcd has reached its quota (see its --quota-backend-bytes)')],
  [etcdErrors.tooManyRequests().message, later],
]);

const byStatus: Readonly<Partial<Record<status, Translation>>> = {
  [status.INVALID_ARGUMENT]: (_, details) => new InvalidRequestError(`etcd refuses the request: ${details}`),
  [status.OUT_OF_RANGE]: (_, details) => new InvalidRequestError(`etcd refuses the request: ${details}`),
  [status.RESOURCE_EXHAUSTED]: later,
  [status.DEADLINE_EXCEEDED]: () => new KeelsonError('TIMEOUT', 'etcd did not answer in time: the outcome is unknown'),
  [status.UNAVAILABLE]: (_, details) =>
    // etcd's own time-outs: the request may still be carried out.
    /timed out|leader changed/.test(details)
      ? new KeelsonError('TIMEOUT', `etcd did not answer in time (${details}): the outcome is unknown`)
      : new KeelsonError('UNAVAILABLE', `etcd is not available (${details}): the outcome of a write is unknown`),
  [status.UNAUTHENTICATED]: (_, details) => refused(details),
  [status.PERMISSION_DENIED]: (_, details) => refused(details),
};

/** What gRPC rejects with, as a store's error. */
export function toStoreError(error: ServiceError, subject: Subject = {}): KeelsonError {
  const details = error.details || error.message;
  const translate = byDetails.get(details) ?? byStatus[error.code];
  return translate?.(subject, details) ?? new KeelsonError('UNAVAILABLE', `etcd failed: ${details}`, { cause: error });
}

/** Of a transaction it is not known which. */
function noLease(lease: number | undefined): KeelsonError {
  if (lease !== undefined) return new LeaseNotFoundError(lease);
  return new KeelsonError(
    'LEASE_NOT_FOUND',
    'a lease that the transaction names expired, was revoked or never granted',
  );
}

function refused(details: string): KeelsonError {
  return new KeelsonError(
    'STORE_REFUSED',
    `etcd refuses access (${details}): name a certificate that may read and write, with --store-cert and --store-key`,
  );
}
