import { errors } from '../../api/index.ts';

/** Where the next page of a list begins. Clients see it as an opaque text; it has Kubernetes' form. */
export interface ContinueToken {
  /** The revision of the first page, which all pages show; undefined: whatever is current (inconsistent). */
  revision: number | undefined;
  /** The first key that is not on the pages before. */
  start: string;
}

const VERSION = 'meta.k8s.io/v1';

/** `prefix` is what all keys of the list begin with; it isn't told to clients. */
export function encodeContinue({ revision, start }: ContinueToken, prefix: string): string {
  const token = { v: VERSION, rv: revision ?? -1, start: start.slice(prefix.length) };
  return Buffer.from(JSON.stringify(token), 'latin1').toString('base64url');
}

/** 400 for what we didn't hand out. */
export function decodeContinue(text: string, prefix: string): ContinueToken {
  try {
    const { v, rv, start } = JSON.parse(Buffer.from(text, 'base64url').toString('latin1')) as Record<string, unknown>;
    if (
      v === VERSION &&
      Number.isSafeInteger(rv) &&
      rv !== 0 &&
      (rv as number) >= -1 &&
      typeof start === 'string' &&
      start !== '' &&
      // What the store's keys are made of.
      /^[\0-\xff]*$/.test(start)
    ) {
      return { revision: rv === -1 ? undefined : (rv as number), start: prefix + start };
    }
  } catch {}
  throw errors.badRequest('invalid continue token: continue key is not valid: start the list without it');
}
