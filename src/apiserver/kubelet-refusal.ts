import { ApiError, errors, type Status } from '../api/index.ts';

const MAX_REFUSAL_BYTES = 16 * 1024;

/** The kubelet's own words: a Status, or a plain text. */
export async function refusalOf(
  answer: AsyncIterable<Buffer> & { statusCode?: number | undefined },
): Promise<ApiError> {
  let text = '';
  for await (const chunk of answer) {
    text += chunk.toString();
    if (text.length > MAX_REFUSAL_BYTES) break;
  }
  try {
    const status = JSON.parse(text) as Status;
    if (status.kind === 'Status') return new ApiError(status);
  } catch {
    // A plain text.
  }
  if (answer.statusCode === 404) return errors.resourceNotFound();
  return (answer.statusCode ?? 500) < 500 ? errors.badRequest(text) : errors.internalError(text);
}
