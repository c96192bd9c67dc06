/** A string in double quotes as Go's `%q` prints it, which is how Kubernetes' texts name values. */
export function quote(text: string): string {
  return JSON.stringify(text).replace(/\\u00([01][0-9a-f])/g, (_, code: string) => {
    if (code === '07') return '\\a';
    if (code === '0b') return '\\v';
    return `\\x${code}`;
  });
}
