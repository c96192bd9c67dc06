/** About how many bytes a message of arrays, strings, bytes and numbers takes in a frame; never too few. */
export function sizeOf(message: unknown): number {
  if (typeof message === 'string') return 5 + Buffer.byteLength(message);
  if (message instanceof Uint8Array) return 5 + message.length;
  if (!Array.isArray(message)) return 9;
  let bytes = 5;
  for (const item of message) bytes += sizeOf(item);
  return bytes;
}
