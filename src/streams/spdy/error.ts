import { KeelsonError } from '../../base/index.ts';

/** The other side does not keep to SPDY/3.1: the connection can't go on. */
export class SpdyError extends KeelsonError {
  constructor(what: string) {
    super('SPDY_PROTOCOL', `the SPDY connection was ended: the other side sent ${what}`);
  }
}
