import { KeelsonError } from '../base/index.ts';

/** The revision asked for was dropped by compaction: list again and watch from there. */
export class CompactedError extends KeelsonError {
  /** The oldest revision that can still be read and watched. */
  readonly compactRevision: number;

  constructor(compactRevision: number) {
    super('COMPACTED', `that revision was compacted: the oldest one is ${compactRevision}`);
    this.compactRevision = compactRevision;
  }
}

/** The revision asked for does not exist yet. */
export class FutureRevisionError extends KeelsonError {
  constructor(asked: number, revision: number) {
    super('FUTURE_REVISION', `revision ${asked} is in the future: the store is at ${revision}`);
  }
}

export class LeaseNotFoundError extends KeelsonError {
  constructor(id: number) {
    super('LEASE_NOT_FOUND', `there is no lease ${id}: it expired, was revoked or never granted`);
  }
}

export class LeaseExistsError extends KeelsonError {
  constructor(id: number) {
    super('LEASE_EXISTS', `lease ${id} exists already: let the store pick an id`);
  }
}

/** The request can't be carried out as it stands; nothing was changed. */
export class InvalidRequestError extends KeelsonError {
  constructor(message: string) {
    super('INVALID', message);
  }
}

export class DuplicateKeyError extends InvalidRequestError {
  constructor() {
    super('a transaction writes a key twice');
  }
}

export class KeyNotFoundError extends InvalidRequestError {
  constructor() {
    super('ignoreValue and ignoreLease need a key that exists');
  }
}

export class TooLargeError extends KeelsonError {
  constructor(message: string) {
    super('TOO_LARGE', message);
  }
}

/** Nothing was changed; deletions and compactions still are carried out. */
export class NoSpaceError extends KeelsonError {
  constructor(message: string) {
    super('NO_SPACE', `${message}: delete what is not needed, and compact, or allow more`);
  }
}

export class StoppedError extends KeelsonError {
  constructor() {
    super('STOPPED', 'the store was closed');
  }
}

/** This peer's state is not that of the majority: it must stop. */
export class StateDivergedError extends KeelsonError {
  constructor(peer: number) {
    super(
      'STATE_DIVERGED',
      `the state of peer ${peer} is not that of the other peers: check its memory and disk, then replace it ("keelson member remove ${peer}", "keelson member add")`,
    );
  }
}
