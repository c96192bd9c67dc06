import { errors, type v1 } from '../api/index.ts';

/** The container that is asked for: the only one, or the one that an annotation makes the default, when none is named. */
export function containerOf({ metadata, spec }: v1.Pod, asked: string): string {
  const containers = spec?.containers ?? [];
  const others = [...(spec?.initContainers ?? []), ...(spec?.ephemeralContainers ?? [])];
  const known = [...containers, ...others].map(({ name }) => name);
  if (asked !== '') {
    if (!known.includes(asked)) throw errors.badRequest(`container ${asked} is not valid for pod ${metadata.name}`);
    return asked;
  }
  if (containers.length === 1) return known[0] as string;
  const preferred = metadata.annotations?.['kubectl.kubernetes.io/default-container'];
  if (preferred !== undefined && known.includes(preferred)) return preferred;
  const init = (spec?.initContainers ?? []).map(({ name }) => name);
  const hint = init.length === 0 ? '' : ` or one of the init containers: [${init.join(' ')}]`;
  const names = containers.map(({ name }) => name).join(' ');
  throw errors.badRequest(
    `a container name must be specified for pod ${metadata.name}, choose one of: [${names}]${hint}`,
  );
}
