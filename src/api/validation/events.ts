import { type FieldPath, fieldPath, invalidValue, required } from '../field-errors.ts';
import { checkQualifiedName } from '../names.ts';
import { equalPlain } from '../plain.ts';
import type { eventsv1, v1 } from '../types/index.ts';
import { addEach, checkImmutable, type Errors } from './checks.ts';
import { type KindRules, kindRules } from './rules.ts';

const maxTextLength = 128;
const maxNoteLength = 1024;

/** What both groups' events have in common; errors name its fields as Kubernetes stores them, whichever group was written. */
interface Common {
  namespace: string | undefined;
  about: v1.ObjectReference | undefined;
  eventTime: string | null | undefined;
  controller: string | undefined;
  instance: string | undefined;
  action: string | undefined;
  reason: string | undefined;
  message: string | undefined;
}

const coreParts = (event: v1.Event): Common => ({
  namespace: event.metadata.namespace,
  about: event.involvedObject,
  eventTime: event.eventTime,
  controller: event.reportingComponent,
  instance: event.reportingInstance,
  action: event.action,
  reason: event.reason,
  message: event.message,
});

const newParts = (event: eventsv1.Event): Common => ({
  namespace: event.metadata.namespace,
  about: event.regarding,
  eventTime: event.eventTime,
  controller: event.reportingController,
  instance: event.reportingInstance,
  action: event.action,
  reason: event.reason,
  message: event.note,
});

/** Of events in either group; those with an eventTime are of the new design and must say who reports what. */
function checkEvent(event: Common, errors: Errors): void {
  checkNamespace(event, errors);
  if (!event.eventTime) return;
  const { controller = '' } = event;
  if (controller === '') errors.push(required(fieldPath('reportingController')));
  addEach(errors, fieldPath('reportingController'), controller, checkQualifiedName(controller));
  checkText(errors, fieldPath('reportingInstance'), event.instance);
  checkText(errors, fieldPath('action'), event.action);
  checkText(errors, fieldPath('reason'), event.reason);
  checkLength(errors, fieldPath('message'), event.message, maxNoteLength);
}

function checkNamespace({ namespace = '', about, eventTime }: Common, errors: Errors): void {
  const other = about?.namespace ?? '';
  // Objects without a namespace have their events in one that clients agree on; in the new design, others may report from anywhere.
  const fits = eventTime
    ? other !== '' || namespace === 'default' || namespace === 'kube-system'
    : namespace === (other || 'default');
  if (fits) return;
  errors.push(invalidValue(fieldPath('involvedObject', 'namespace'), other, 'does not match event.namespace'));
}

function checkText(errors: Errors, path: FieldPath, text = ''): void {
  if (text === '') errors.push(required(path));
  checkLength(errors, path, text, maxTextLength);
}

function checkLength(errors: Errors, path: FieldPath, text = '', max: number): void {
  if (text.length > max) errors.push(invalidValue(path, '', `can have at most ${max} characters`));
}

function checkSeries(series: eventsv1.EventSeries | null | undefined, errors: Errors): void {
  if (!series) return;
  if (series.count < 2) errors.push(invalidValue(fieldPath('series.count'), '', 'should be at least 2'));
  if (!series.lastObservedTime) errors.push(required(fieldPath('series.lastObservedTime')));
}

/** Fields that only the old design sets. */
function checkUnset(event: eventsv1.Event, errors: Errors): void {
  const { component, host } = event.deprecatedSource ?? {};
  const set: [field: string, value: unknown][] = [
    ['firstTimestamp', event.deprecatedFirstTimestamp],
    ['lastTimestamp', event.deprecatedLastTimestamp],
    ['count', event.deprecatedCount],
    ['source', component || host],
  ];
  for (const [field, value] of set) if (value) errors.push(invalidValue(fieldPath(field), '', 'needs to be unset'));
}

const fixedFields = [
  ['involvedObject', 'regarding'],
  ['reason', 'reason'],
  ['message', 'note'],
  ['source', 'deprecatedSource'],
  ['firstTimestamp', 'deprecatedFirstTimestamp'],
  ['lastTimestamp', 'deprecatedLastTimestamp'],
  ['count', 'deprecatedCount'],
  ['type', 'type'],
  ['eventTime', 'eventTime'],
  ['action', 'action'],
  ['related', 'related'],
  ['reportingController', 'reportingController'],
  ['reportingInstance', 'reportingInstance'],
] as const satisfies readonly (readonly [string, keyof eventsv1.Event])[];

/** Rules of the two groups' events; through the core group much is let pass, for old clients. */
export const eventRules: Readonly<Record<string, KindRules>> = {
  Event: kindRules<v1.Event>({
    check(event, errors) {
      checkEvent(coreParts(event), errors);
    },
  }),
  'Event.events.k8s.io': kindRules<eventsv1.Event>({
    check(event, errors) {
      checkEvent(newParts(event), errors);
    },
    checkCreate(event, errors) {
      checkSeries(event.series, errors);
      if (event.type !== 'Normal' && event.type !== 'Warning') {
        errors.push(invalidValue(fieldPath('type'), '', `has invalid value: ${event.type ?? ''}`));
      }
      checkUnset(event, errors);
    },
    // Only the series goes on.
    checkUpdate(event, old, errors) {
      if (!equalPlain(event.series, old.series)) checkSeries(event.series, errors);
      for (const [stored, field] of fixedFields) checkImmutable(errors, fieldPath(stored), event[field], old[field]);
    },
  }),
};
