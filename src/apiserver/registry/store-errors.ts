import { ApiError, errors } from '../../api/index.ts';
import { errorCode, errorMessage } from '../../base/index.ts';

/** Runs a verb; what fails in the store comes out as Kubernetes clients understand it. */
export async function withApiErrors<T>(verb: () => Promise<T>): Promise<T> {
  try {
    return await verb();
  } catch (error) {
    throw apiErrorOf(error);
  }
}

function apiErrorOf(error: unknown): unknown {
  if (error instanceof ApiError) return error;
  const text = errorMessage(error);
  switch (errorCode(error)) {
    case 'TIMEOUT':
    case 'UNAVAILABLE':
      return errors.timeout(`the store did not answer in time, the outcome is unknown: ${text}`, 1);
    case 'OVERLOADED':
      return errors.tooManyRequests(`the store is overloaded, please try again later: ${text}`);
    case 'NO_SPACE':
      // An apiserver on etcd passes etcd's words on, as a fault without a reason; what looks out for them finds them here too.
      return new ApiError({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: `etcdserver: mvcc: database space exceeded: ${text}`,
        code: 500,
      });
    case 'STOPPED':
      return errors.serviceUnavailable('the API server is shutting down');
    case 'COMPACTED':
      return errors.expired(text);
    case 'TOO_LARGE':
      return new ApiError({
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: `Request entity too large: ${text}`,
        reason: 'RequestEntityTooLarge',
        code: 413,
      });
    default:
      return error;
  }
}
