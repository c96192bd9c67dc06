import { KeelsonError } from '../base/index.ts';
import type { RuntimeErrorCode } from './types.ts';

export class RuntimeError extends KeelsonError {
  declare readonly code: RuntimeErrorCode;

  // biome-ignore lint/complexity/noUselessConstructor: narrows the type of the code
  constructor(code: RuntimeErrorCode, message: string, options?: { cause?: unknown }) {
    super(code, message, options);
  }
}
