import { ApiError, errors, type Status } from '../../../api/index.ts';

/** A webhook could not be asked, or its answer can't be used: its failurePolicy says what then. */
export class CallError extends Error {}

/** The webhook said no. */
export function denied(webhook: string, status: Partial<Status> | undefined): ApiError {
  const deniedBy = `admission webhook "${webhook}" denied the request`;
  const why = status?.message || status?.reason;
  return new ApiError({
    ...status,
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: why ? `${deniedBy}: ${why}` : `${deniedBy} without explanation`,
    code: status?.code !== undefined && status.code >= 400 && status.code < 600 ? status.code : 400,
  });
}

/** The webhook's failurePolicy is Fail. */
export function failed(webhook: string, error: CallError): ApiError {
  return errors.internalError(`failed calling webhook "${webhook}": ${error.message}`, { cause: error });
}
