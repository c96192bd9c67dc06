/** Deeper than any request: transactions nest eight levels, of two arrays each. */
const MAX_DEPTH = 32;
/** More than any frame of a well-behaved client holds; each costs up to some 50 bytes when decoded. */
const MAX_VALUES = 1 << 17;

/**
 * Whether a frame from outside is one well-formed msgpack value, of nil, booleans, numbers, strings, bytes
 * and arrays only. Decoders trust length fields: an array of 2^24 that isn't there would have them
 * allocate it. So this looks first.
 */
export function isPlainMsgpack(frame: Buffer): boolean {
  const size = frame.length;
  /** Values still to come, level by level. */
  const open = new Uint32Array(MAX_DEPTH);
  let depth = 0;
  open[0] = 1;
  let position = 0;
  for (let values = 0; values < MAX_VALUES; ) {
    while (open[depth] === 0) {
      if (depth === 0) return position === size;
      depth--;
    }
    open[depth]!--;
    values++;
    if (position >= size) return false;
    const byte = frame[position++]!;
    let items = -1;
    if (byte < 0x80 || byte >= 0xe0) continue;
    if (byte < 0x90) return false;
    if (byte < 0xa0) {
      items = byte & 0x0f;
    } else if (byte < 0xc0) {
      position += byte & 0x1f;
    } else {
      const width = WIDTHS[byte - 0xc0]!;
      if (width < 0 || position + width > size) return false;
      if (isSized(byte)) {
        const length = frame.readUIntBE(position, width);
        if (byte >= 0xdc) items = length;
        else position += length;
      }
      position += width;
    }
    if (position > size) return false;
    if (items < 0) continue;
    // Each item takes a byte at least.
    if (items > size - position || ++depth === MAX_DEPTH) return false;
    open[depth] = items;
  }
  return false;
}

/** Bytes after the first one, up to the length or number itself; -1: not allowed. From 0xc0 on. */
const WIDTHS = [
  0, -1, 0, 0, 1, 2, 4, -1, -1, -1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, -1, -1, -1, -1, -1, 1, 2, 4, 2, 4, -1, -1,
];

/** Bytes, strings and arrays state their length. */
function isSized(byte: number): boolean {
  return (byte >= 0xc4 && byte <= 0xc6) || (byte >= 0xd9 && byte <= 0xdd);
}
