import { errors } from '../../api/index.ts';
import type { StateReader } from '../registry/types.ts';
import { writtenPodSpec } from './pod-spec.ts';
import type { AdmissionPlugin } from './types.ts';

const priorityClasses = { group: 'scheduling.k8s.io', resource: 'priorityclasses' };

interface PriorityClass {
  metadata: { name: string };
  value: number;
  globalDefault?: boolean;
  preemptionPolicy?: string;
}

interface PodSpec {
  priorityClassName?: string;
  priority?: number;
  preemptionPolicy?: string;
}

/** Classes that every cluster has, whether or not their objects are there yet. */
const systemClasses: ReadonlyMap<string, number> = new Map([
  ['system-cluster-critical', 2_000_000_000],
  ['system-node-critical', 2_000_001_000],
]);

/** Gives a pod the number behind the name of its priority class, or of the default class. */
export function priority(state: StateReader): AdmissionPlugin {
  const classes = (): PriorityClass[] =>
    state.all(priorityClasses).map(({ object }) => object as unknown as PriorityClass);
  const byName = (name: string): PriorityClass | undefined =>
    state.lookup(priorityClasses, undefined, name)?.object as unknown as PriorityClass | undefined;

  return {
    name: 'Priority',
    async admit(attributes) {
      const { type, name } = attributes;
      const written = writtenPodSpec<PodSpec>(attributes);
      if (written === undefined) return;
      const { spec, before } = written;
      if (before !== undefined) return keep(spec, before);
      const wanted = spec.priorityClassName || undefined;
      if (wanted !== undefined && byName(wanted) === undefined) await state.fresh();
      const found = wanted === undefined ? defaultClass(classes()) : byName(wanted);
      if (wanted !== undefined && found === undefined && !systemClasses.has(wanted)) {
        throw errors.forbidden(type, name, `no PriorityClass with name ${wanted} was found`);
      }
      const value = found?.value ?? (wanted === undefined ? 0 : systemClasses.get(wanted)!);
      if (spec.priority !== undefined && spec.priority !== value) {
        throw errors.forbidden(
          type,
          name,
          `the integer value of priority (${spec.priority}) must not be provided in pod spec; priority admission controller computed ${value} from the given PriorityClass name`,
        );
      }
      spec.priority = value;
      if (found !== undefined) spec.priorityClassName = found.metadata.name;
      checkPolicy(spec, found);
      spec.preemptionPolicy ??= found?.preemptionPolicy ?? 'PreemptLowerPriority';
    },

    /** There is one default class. */
    validate({ type, operation, subresource, name, object }) {
      if (type.group !== priorityClasses.group || type.resource !== priorityClasses.resource) return;
      if (subresource !== undefined || (operation !== 'CREATE' && operation !== 'UPDATE')) return;
      if (!(object as unknown as PriorityClass).globalDefault) return;
      const present = defaultClass(classes());
      if (present === undefined || (operation === 'UPDATE' && present.metadata.name === name)) return;
      const text = `PriorityClass ${present.metadata.name} is already marked as default. Only one default can exist`;
      throw errors.forbidden(type, name, text);
    },
  };

  /** Who replaces a pod need not repeat what was computed. */
  function keep(spec: PodSpec, before: PodSpec): void {
    if (before.priority !== undefined) spec.priority ??= before.priority;
    if (before.preemptionPolicy !== undefined) spec.preemptionPolicy ??= before.preemptionPolicy;
  }

  function checkPolicy(spec: PodSpec, found: PriorityClass | undefined): void {
    const policy = found?.preemptionPolicy ?? 'PreemptLowerPriority';
    if (spec.preemptionPolicy === undefined || spec.preemptionPolicy === policy) return;
    throw errors.forbidden(
      { group: '', resource: 'pods' },
      '',
      `the string value of PreemptionPolicy (${spec.preemptionPolicy}) must not be provided in pod spec; priority admission controller computed ${policy} from the given PriorityClass name`,
    );
  }
}

/** Of several defaults the one with the lowest value counts. */
function defaultClass(classes: readonly PriorityClass[]): PriorityClass | undefined {
  return classes
    .filter(({ globalDefault }) => globalDefault)
    .reduce<PriorityClass | undefined>(
      (lowest, candidate) => (lowest === undefined || candidate.value < lowest.value ? candidate : lowest),
      undefined,
    );
}
