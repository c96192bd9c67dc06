import { get } from 'node:https';

const TIMEOUT_MS = 10_000;
const MAX_BYTES = 1024 * 1024;

/** What a URL answers, as JSON. Rejects with an Error for anything but a 200, a slow or a huge answer. */
export function getJson(url: string, ca: string | undefined): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = {
      timeout: TIMEOUT_MS,
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(ca === undefined ? {} : { ca }),
    };
    const call = get(url, options, async (response) => {
      try {
        if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
        let text = '';
        for await (const chunk of response) {
          text += chunk;
          if (text.length > MAX_BYTES) throw new Error(`${url} answered more than ${MAX_BYTES} bytes`);
        }
        resolve(JSON.parse(text));
      } catch (error) {
        call.destroy();
        reject(error);
      }
    });
    call.on('error', reject);
  });
}
