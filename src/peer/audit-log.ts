import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import type { AuditSink } from '../apiserver/index.ts';
import { type Clock, errorMessage, type Logger } from '../base/index.ts';
import type { AuditConfig } from './api-config.ts';

const DAY_MS = 24 * 60 * 60_000;
/** In the name of a file that was put aside. */
const TIME = /-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z(\.|$)/;
/** Bytes of events that wait for the end of a turn; more are written at once. */
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * A file of JSON lines that only its owner may read; a full one is put aside under a name with the time, and those that are too
 * old or too many are deleted.
 */
export class AuditLog {
  readonly #config: AuditConfig;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #file: number;
  #size: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #failed = false;

  /** Throws the file system's error when the file can't be written. */
  constructor(config: AuditConfig, clock: Clock, logger: Logger) {
    this.#config = config;
    this.#clock = clock;
    this.#logger = logger;
    mkdirSync(dirname(config.logFile), { recursive: true, mode: 0o700 });
    this.#file = openSync(config.logFile, 'a', 0o600);
    this.#size = fstatSync(this.#file).size;
  }

  readonly write: AuditSink = (event) => {
    const line = `${JSON.stringify(event)}\n`;
    if (this.#waiting.length === 0) setImmediate(() => this.flush());
    this.#waiting.push(line);
    this.#waitingBytes += line.length;
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.flush();
  };

  /** Writes what waits for the end of this turn. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#waitingBytes = 0;
    try {
      if (this.#size > 0 && this.#size + bytes.length > this.#config.maxSizeMegabytes * 1024 * 1024) this.#rotate();
      writeSync(this.#file, bytes);
      this.#size += bytes.length;
      this.#failed = false;
    } catch (error) {
      // Once, until it works again: a full disk must not fill another log.
      if (!this.#failed) this.#logger.error({ error: errorMessage(error) }, 'the audit log could not be written');
      this.#failed = true;
    }
  }

  close(): void {
    this.flush();
    closeSync(this.#file);
  }

  #rotate(): void {
    const { logFile } = this.#config;
    const time = new Date(this.#clock.now()).toISOString().replaceAll(':', '-');
    renameSync(logFile, join(dirname(logFile), `${this.#stem()}-${time}${extname(logFile)}`));
    closeSync(this.#file);
    this.#file = openSync(logFile, 'a', 0o600);
    this.#size = 0;
    this.#removeOld();
  }

  #removeOld(): void {
    const { logFile, maxBackups, maxAgeDays } = this.#config;
    const directory = dirname(logFile);
    const isBackup = (name: string): boolean =>
      name.startsWith(`${this.#stem()}-`) && name.endsWith(extname(logFile)) && TIME.test(name);
    const backups = readdirSync(directory)
      .filter(isBackup)
      .sort()
      .reverse()
      .map((name) => join(directory, name));
    backups.forEach((path, index) => {
      const tooMany = maxBackups > 0 && index >= maxBackups;
      const tooOld = maxAgeDays > 0 && statSync(path).mtimeMs < this.#clock.now() - maxAgeDays * DAY_MS;
      if (tooMany || tooOld) rmSync(path, { force: true });
    });
  }

  #stem(): string {
    return basename(this.#config.logFile, extname(this.#config.logFile));
  }
}
