import type { KeyValue } from '../peer/index.ts';

/** The store's keys are byte strings: text goes in as UTF-8. */
export function keyFromText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

export function keyToText(key: string): string {
  return Buffer.from(key, 'latin1').toString('utf8');
}

/** An entry as people read it. */
export function readableEntry({ key, value, ...rest }: KeyValue): object {
  return { key: keyToText(key), value: Buffer.from(value).toString(), ...rest };
}
