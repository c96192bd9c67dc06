/** Below, memory of its own would cost more than the bytes. */
const POOLED_BYTES = 512;

/**
 * A copy to be kept for long, as entries of the log are. Node's own copies of small buffers are pieces of slabs of 64 KiB that are
 * shared with all that comes and goes at the time: a few that stay keep many slabs.
 */
export function keep(bytes: Uint8Array): Uint8Array {
  if (bytes.length <= POOLED_BYTES) return Buffer.from(bytes);
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  copy.set(bytes);
  return copy;
}
