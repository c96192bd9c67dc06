import { status } from '@grpc/grpc-js';
import { errorCode, errorMessage, KeelsonError } from '../base/index.ts';
import { DuplicateKeyError, KeyNotFoundError } from '../store/index.ts';

/** What etcd's clients are told; they compare code and text, so both are etcd's own. */
export class EtcdError extends KeelsonError {
  /** A gRPC status code. */
  readonly status: status;

  constructor(code: status, details: string, options?: { cause?: unknown }) {
    super('ETCD', `etcdserver: ${details}`, options);
    this.status = code;
  }
}

/** All that the API itself finds wrong, by name. */
export const etcdErrors = {
  emptyKey: () => new EtcdError(status.INVALID_ARGUMENT, 'key is not provided'),
  keyNotFound: () => new EtcdError(status.INVALID_ARGUMENT, 'key not found'),
  valueProvided: () => new EtcdError(status.INVALID_ARGUMENT, 'value is provided'),
  leaseProvided: () => new EtcdError(status.INVALID_ARGUMENT, 'lease is provided'),
  tooManyOperations: () => new EtcdError(status.INVALID_ARGUMENT, 'too many operations in txn request'),
  duplicateKey: () => new EtcdError(status.INVALID_ARGUMENT, 'duplicate key given in txn request'),
  invalidSort: () => new EtcdError(status.INVALID_ARGUMENT, 'invalid sort option'),
  tooLarge: () => new EtcdError(status.INVALID_ARGUMENT, 'request is too large'),
  beyondSafe: () => new EtcdError(status.INVALID_ARGUMENT, 'numbers beyond 2^53 - 1, such as lease ids, are not kept'),
  compacted: () => new EtcdError(status.OUT_OF_RANGE, 'mvcc: required revision has been compacted'),
  futureRevision: () => new EtcdError(status.OUT_OF_RANGE, 'mvcc: required revision is a future revision'),
  leaseNotFound: () => new EtcdError(status.NOT_FOUND, 'requested lease not found'),
  leaseExists: () => new EtcdError(status.FAILED_PRECONDITION, 'lease already exists'),
  ttlTooLarge: () => new EtcdError(status.OUT_OF_RANGE, 'too large lease TTL'),
  noLeader: () => new EtcdError(status.UNAVAILABLE, 'no leader'),
  notLeader: () => new EtcdError(status.FAILED_PRECONDITION, 'not leader'),
  badTransferee: () => new EtcdError(status.FAILED_PRECONDITION, 'bad leader transferee'),
  stopped: () => new EtcdError(status.UNAVAILABLE, 'server stopped'),
  timeout: () => new EtcdError(status.UNAVAILABLE, 'request timed out'),
  noSpace: () => new EtcdError(status.RESOURCE_EXHAUSTED, 'mvcc: database space exceeded'),
  tooManyRequests: () => new EtcdError(status.RESOURCE_EXHAUSTED, 'too many requests'),
  permissionDenied: () => new EtcdError(status.PERMISSION_DENIED, 'permission denied'),
  unimplemented: (what: string) => new EtcdError(status.UNIMPLEMENTED, what),
} as const;

/** The same for what the store says, by its code. */
const byCode: Readonly<Record<string, () => EtcdError>> = {
  COMPACTED: etcdErrors.compacted,
  FUTURE_REVISION: etcdErrors.futureRevision,
  LEASE_NOT_FOUND: etcdErrors.leaseNotFound,
  LEASE_EXISTS: etcdErrors.leaseExists,
  TOO_LARGE: etcdErrors.tooLarge,
  NO_SPACE: etcdErrors.noSpace,
  TIMEOUT: etcdErrors.timeout,
  OVERLOADED: etcdErrors.tooManyRequests,
  STOPPED: etcdErrors.stopped,
};

/** Whatever was thrown, as clients are told of it. What is nobody's expected mistake becomes the `cause`. */
export function toEtcdError(error: unknown): EtcdError {
  if (error instanceof EtcdError) return error;
  if (error instanceof DuplicateKeyError) return etcdErrors.duplicateKey();
  if (error instanceof KeyNotFoundError) return etcdErrors.keyNotFound();
  const code = errorCode(error) ?? '';
  const known = Object.hasOwn(byCode, code) ? byCode[code] : undefined;
  if (known !== undefined) return known();
  if (code === 'INVALID') return new EtcdError(status.INVALID_ARGUMENT, errorMessage(error));
  return new EtcdError(status.UNKNOWN, errorMessage(error), { cause: error });
}
