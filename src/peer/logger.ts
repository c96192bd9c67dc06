import { pino } from 'pino';
import type { Logger } from '../base/index.ts';

export interface LoggerOptions {
  /** Absent: standard output. */
  path?: string;
  /** debug, info, warn or error. */
  level: string;
  /** Go with every line. */
  fields: object;
}

/** JSON lines on a file (or standard output), one object a line. */
export function createLogger(options: LoggerOptions): Logger {
  const destination = pino.destination({ dest: options.path ?? 1, mkdir: true, sync: true, mode: 0o600 });
  return pino(
    {
      level: options.level,
      base: options.fields,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      // Secrets never reach a log, even when an object does.
      redact: { paths: ['*.token', '*.key', '*.password', 'object.data', 'object.stringData'], censor: '[redacted]' },
    },
    destination,
  ) as unknown as Logger;
}
