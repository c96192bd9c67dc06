/**
 * Base of every error that a caller may want to tell apart. Callers test `code`, never the
 * text. The text is one line that says what is wrong and what to change.
 */
export class KeelsonError extends Error {
  /** Stable, upper case with underscores; one per kind of error. */
  readonly code: string;

  constructor(code: string, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The `code` of an error of ours or of Node (`ENOENT`, …), or undefined. */
export function errorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null | undefined)?.code;
  return typeof code === 'string' ? code : undefined;
}

/** One line for people, whatever was thrown. */
export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
