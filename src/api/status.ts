import { KeelsonError } from '../base/index.ts';

/** The answer of an API server to a request that failed (or succeeded without an object). */
export interface Status {
  kind: 'Status';
  apiVersion: 'v1';
  metadata: { resourceVersion?: string; continue?: string; remainingItemCount?: number };
  status: 'Success' | 'Failure';
  message?: string;
  reason?: string;
  details?: StatusDetails;
  code: number;
}

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: StatusCause[];
  retryAfterSeconds?: number;
}

export interface StatusCause {
  reason?: string;
  message?: string;
  field?: string;
}

/** A failed API request. `code` is `API_` and the reason in upper case; `status` is what goes over the wire. */
export class ApiError extends KeelsonError {
  readonly status: Status;

  constructor(status: Status, options?: { cause?: unknown }) {
    super(
      `API_${(status.reason ?? 'unknown').replace(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase()}`,
      status.message ?? '',
      options,
    );
    this.status = status;
  }

  get reason(): string {
    return this.status.reason ?? '';
  }

  get httpCode(): number {
    return this.status.code;
  }
}

/** The reason of an ApiError, or undefined of anything else: `reasonOf(error) === 'NotFound'`. */
export function reasonOf(error: unknown): string | undefined {
  return error instanceof ApiError ? error.reason : undefined;
}
