import { KeelsonError } from '../base/index.ts';
import type { RuntimeErrorCode } from './types.ts';

export class RuntimeError extends KeelsonError {
  declare readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}
