import { badRequest } from '../errors.ts';
import type { ResourceType } from '../resource.ts';
import { quote } from '../text.ts';
import { type FieldRequirement, FieldSelector } from './field-selector.ts';

/** A field's value in an object, '' where there is none. */
type Reader = (object: unknown) => string;

const at =
  (...path: string[]): Reader =>
  (object) => {
    let value = object;
    for (const name of path) value = (value as Record<string, unknown> | null | undefined)?.[name];
    return value === undefined || value === null ? '' : String(value);
  };

const field = (path: string): [string, Reader] => [path, at(...path.split('.'))];
/** Numbers and booleans that are left out stand for their zero. */
const withZero = (path: string, zero: string): [string, Reader] => {
  const [name, read] = field(path);
  return [name, (object) => read(object) || zero];
};

const common = [field('metadata.name'), field('metadata.namespace')];
const involved = ['kind', 'namespace', 'name', 'uid', 'apiVersion', 'resourceVersion', 'fieldPath'];
const podFields = ['nodeName', 'restartPolicy', 'schedulerName', 'serviceAccountName'];

/** What can be selected by, for the kinds that offer more than name and namespace. */
const selectable: Readonly<Record<string, ReadonlyMap<string, Reader>>> = {
  Pod: new Map([
    ...common,
    ...podFields.map((name) => field(`spec.${name}`)),
    withZero('spec.hostNetwork', 'false'),
    field('status.phase'),
    field('status.podIP'),
    ['status.podIPs', at('status', 'podIP')],
    field('status.nominatedNodeName'),
  ]),
  Node: new Map([...common, withZero('spec.unschedulable', 'false')]),
  Namespace: new Map([...common, field('status.phase')]),
  Secret: new Map([...common, field('type')]),
  Service: new Map([...common, field('spec.clusterIP'), field('spec.type')]),
  Event: new Map([
    ...common,
    ...involved.map((name) => field(`involvedObject.${name}`)),
    field('reason'),
    field('reportingComponent'),
    ['source', (object) => at('source', 'component')(object) || at('reportingComponent')(object)],
    field('type'),
  ]),
  'Event.events.k8s.io': new Map([
    ...common,
    ...involved.map((name): [string, Reader] => [`regarding.${name}`, at('regarding', name)]),
    field('reason'),
    field('reportingController'),
    field('type'),
  ]),
  ReplicationController: new Map([...common, withZero('status.replicas', '0')]),
  'ReplicaSet.apps': new Map([...common, withZero('status.replicas', '0')]),
  'Job.batch': new Map([...common, withZero('status.successful', '0')]),
  'CertificateSigningRequest.certificates.k8s.io': new Map([...common, field('spec.signerName')]),
};

/** Old names that are still understood. */
const aliases: Readonly<Record<string, string>> = { 'Pod spec.host': 'spec.nodeName' };

const onlyCommon: ReadonlyMap<string, Reader> = new Map(common);

type Kind = Pick<ResourceType, 'group' | 'kind' | 'custom'>;

/** Checks that the kind can be selected by these fields (400 if not) and returns the selector to match with. */
export function bindFieldSelector(type: Kind, selector: FieldSelector): BoundFieldSelector {
  const { kind } = type;
  const readers = readersOf(type);
  const bound = selector.requirements.map((requirement): Bound => {
    const name = aliases[`${kind} ${requirement.field}`] ?? requirement.field;
    const read = (readers ?? onlyCommon).get(name);
    if (read === undefined) {
      throw badRequest(
        readers === undefined
          ? `${quote(name)} is not a known field selector: only "metadata.name", "metadata.namespace"`
          : `field label not supported: ${name}`,
      );
    }
    return { requirement: { ...requirement, field: name }, read };
  });
  return new BoundFieldSelector(bound);
}

interface Bound {
  requirement: FieldRequirement;
  read: Reader;
}

/** A field selector that knows where in objects of its kind the fields are. */
export class BoundFieldSelector extends FieldSelector {
  readonly #bound: readonly Bound[];

  constructor(bound: readonly Bound[]) {
    super(bound.map(({ requirement }) => requirement));
    this.#bound = bound;
  }

  matchesObject(object: unknown): boolean {
    for (const { requirement, read } of this.#bound) {
      if ((read(object) === requirement.value) !== (requirement.operator === '=')) return false;
    }
    return true;
  }
}

/** The values of all fields that objects of this kind can be selected by. */
export function selectableFields(type: Kind, object: unknown): Record<string, string> {
  const readers = readersOf(type) ?? onlyCommon;
  return Object.fromEntries([...readers].map(([name, read]) => [name, read(object)]));
}

function readersOf({ group, kind, custom }: Kind): ReadonlyMap<string, Reader> | undefined {
  if (custom === undefined) return selectable[group === '' ? kind : `${kind}.${group}`];
  const readers = custom.selectableFields.map((path): [string, Reader] => [
    path.text.replace(/^\./, ''),
    (object) => {
      const [value] = path.find(object);
      return value === undefined || value === null ? '' : String(value);
    },
  ]);
  return new Map([...common, ...readers]);
}
