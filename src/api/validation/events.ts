import { fieldPath, invalidValue, required } from '../field-errors.ts';
import { checkDns1123Subdomain, checkQualifiedName } from '../names.ts';
import type { ObjectMeta } from '../object.ts';
import { equalPlain } from '../plain.ts';
import type { eventsv1, v1 } from '../types/index.ts';
import { addEach, checkImmutable, type Errors } from './checks.ts';
import { type KindRules, kindRules } from './rules.ts';

const maxNameBytes = 128;
const maxMessageBytes = 1024;

/** An event of either group, by the names that Kubernetes' errors use. */
type Event = Omit<v1.Event, 'apiVersion' | 'reportingComponent'> & { reportingController?: string };

/** Rules of events, which the newer group is stricter with; by kind and group. */
export const eventRules: Readonly<Record<string, KindRules>> = {
  Event: kindRules<v1.Event>({
    check: (event, errors) => checkEvent(errors, ofCore(event), 'reportingComponent'),
  }),
  'Event.events.k8s.io': kindRules<eventsv1.Event>({
    check: (event, errors) => checkEvent(errors, ofGroup(event), 'reportingController'),
    checkCreate(given, errors) {
      const event = ofGroup(given);
      checkSeries(errors, event);
      if (!event.eventTime) errors.push(required(fieldPath('eventTime')));
      if (event.type !== 'Normal' && event.type !== 'Warning') {
        errors.push(invalidValue(fieldPath('type'), '', `has invalid value: ${event.type ?? ''}`));
      }
      const { firstTimestamp, lastTimestamp, count, source } = event;
      const unset = { firstTimestamp, lastTimestamp, count, source: source?.component || source?.host };
      for (const [name, value] of Object.entries(unset)) {
        if (value) errors.push(invalidValue(fieldPath(name), '', 'needs to be unset'));
      }
    },
    checkUpdate(given, before, errors) {
      const [event, old] = [ofGroup(given), ofGroup(before)];
      if (!equalPlain(event.series, old.series)) checkSeries(errors, event);
      for (const name of fixed) checkImmutable(errors, fieldPath(name), set(event[name]), set(old[name]));
    },
  }),
};

/** What is empty is as good as not there. */
const set = (value: unknown): unknown => (value === '' || value === 0 ? null : (value ?? null));

const fixed = [
  'involvedObject',
  'reason',
  'message',
  'source',
  'firstTimestamp',
  'lastTimestamp',
  'count',
  'type',
  'eventTime',
  'action',
  'related',
  'reportingController',
  'reportingInstance',
] as const satisfies readonly (keyof Event)[];

function ofCore({ reportingComponent, ...event }: v1.Event): Event {
  return { ...event, reportingController: reportingComponent };
}

function ofGroup(event: eventsv1.Event): Event {
  const { regarding, note, deprecatedSource, deprecatedFirstTimestamp, deprecatedLastTimestamp, ...rest } = event;
  const { deprecatedCount, ...same } = rest;
  return {
    ...same,
    involvedObject: regarding,
    message: note,
    source: deprecatedSource,
    firstTimestamp: deprecatedFirstTimestamp,
    lastTimestamp: deprecatedLastTimestamp,
    count: deprecatedCount,
  } as Event;
}

function checkEvent(errors: Errors, event: Event, controllerField: string): void {
  const { metadata } = event;
  checkNamespaces(errors, metadata, event);
  // Only events of the newer form have a time of their own; the others may leave out what it came with.
  if (event.eventTime) checkReporter(errors, event, controllerField);
  addEach(errors, fieldPath('namespace'), metadata.namespace, checkDns1123Subdomain(metadata.namespace ?? ''));
}

/** An event lies where the object is that it is about; one of an object without a namespace in one that clients agree on. */
function checkNamespaces(errors: Errors, { namespace }: ObjectMeta, event: Event): void {
  const of = event.involvedObject?.namespace ?? '';
  // In the newer form others may report from anywhere.
  const fits = event.eventTime
    ? of !== '' || namespace === 'default' || namespace === 'kube-system'
    : namespace === (of || 'default');
  if (!fits) errors.push(invalidValue(fieldPath('involvedObject', 'namespace'), of, 'does not match event.namespace'));
}

function checkReporter(errors: Errors, event: Event, controllerField: string): void {
  const { reportingController: controller = '', reportingInstance, action, reason, message } = event;
  if (controller === '') errors.push(required(fieldPath(controllerField)));
  addEach(errors, fieldPath(controllerField), controller, checkQualifiedName(controller));
  for (const [name, value] of Object.entries({ reportingInstance, action, reason })) {
    if (!value) errors.push(required(fieldPath(name)));
    // The misspelling is Kubernetes' own.
    else checkLength(errors, name === 'reportingInstance' ? 'reportingIntance' : name, value, maxNameBytes);
  }
  checkLength(errors, 'message', message ?? '', maxMessageBytes);
}

function checkLength(errors: Errors, field: string, value: string, max: number): void {
  if (Buffer.byteLength(value) > max) {
    errors.push(invalidValue(fieldPath(field), '', `can have at most ${max} characters`));
  }
}

function checkSeries(errors: Errors, { series }: Event): void {
  if (series === undefined) return;
  if ((series.count ?? 0) < 2) errors.push(invalidValue(fieldPath('series', 'count'), '', 'should be at least 2'));
  if (!series.lastObservedTime) errors.push(required(fieldPath('series', 'lastObservedTime')));
}
