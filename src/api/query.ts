/**
 * A boolean query parameter, undefined when it is not there. All but `false`, in any case, and `0` means true, nothing at all
 * included: as Kubernetes converts parameters. Clients do write `watch=True`.
 */
export function booleanParameter(query: URLSearchParams, name: string): boolean | undefined {
  const value = query.get(name);
  return value === null ? undefined : value !== '0' && value.toLowerCase() !== 'false';
}
