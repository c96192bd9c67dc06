/**
 * Replaces each `$(NAME)` by what `lookup` has for NAME, as Kubernetes does in commands, arguments and variables: `$$`
 * is a dollar sign and keeps what follows from being replaced; a name that is unknown stays as it is written.
 */
export function expand(text: string, lookup: (name: string) => string | undefined): string {
  return text.replace(/\$(?:\$|\(([^)]*)\))/g, (whole, name: string | undefined) => {
    if (name === undefined) return '$';
    return lookup(name) ?? whole;
  });
}
