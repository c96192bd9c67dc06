import { errorCode, errorMessage, KeelsonError } from './errors.ts';

/** What was to be listened on. */
export interface ListenAddress {
  host: string;
  port: number;
  /** Whose it is, for people: `the API`. */
  what: string;
}

/** What the system's codes mean for who reads the error. */
const meanings: Readonly<Record<string, string>> = {
  EADDRNOTAVAIL: 'this machine does not have that address',
  EACCES: 'this user may not listen on that port',
  ENOTFOUND: 'no such host',
};

/** Why an address can't be listened on: PORT_BUSY when another process does, else PORT_REFUSED. `advice` ends the text. */
export function listenError(
  error: unknown,
  { host, port, what }: ListenAddress,
  advice = 'change it in the configuration',
): KeelsonError {
  const where = `port ${port} on ${host}, for ${what},`;
  const code = errorCode(error) ?? '';
  if (code === 'EADDRINUSE') {
    const text = `${where} is in use by another process: stop that, or ${advice}`;
    return new KeelsonError('PORT_BUSY', text, { cause: error });
  }
  const meaning = meanings[code];
  const reason = meaning === undefined ? errorMessage(error) : `${code}: ${meaning}`;
  return new KeelsonError('PORT_REFUSED', `${where} can't be used (${reason}): ${advice}`, { cause: error });
}
