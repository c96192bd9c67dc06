/** The store's key for a text: its UTF-8 bytes. */
export function keyFromText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** The text of a key that was made by `keyFromText`. */
export function keyToText(key: string): string {
  return Buffer.from(key, 'latin1').toString('utf8');
}
