export interface Answer {
  code: number;
  type: string;
  body: string;
}

/** What is wrong with an answer, if anything. */
export function faultOf(
  { method, path }: { method: string; path: string },
  { code, type, body }: Answer,
): string | undefined {
  // Who asks for a revision that is not yet there, or for an answer in no time, gets none in time; what has no backend is not there.
  const allowed = code === 503 || (code === 504 && /[?&](resourceVersion|timeout|continue)=/.test(path));
  if (code >= 500 && !allowed) return `answered ${code}: ${body.slice(0, 500)}`;
  if (code < 400 || method === 'HEAD') return undefined;
  if (type.includes('protobuf')) return body.startsWith('k8s\0') ? undefined : 'no protobuf';
  try {
    const status = JSON.parse(body);
    return status.kind === 'Status' && status.code === code ? undefined : `no Status: ${body.slice(0, 200)}`;
  } catch {
    return `${code} without a Status: ${body.slice(0, 200)}`;
  }
}
