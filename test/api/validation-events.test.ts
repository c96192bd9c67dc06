import test from 'ava';
import { fieldErrorText, type KubernetesObject, validate, validateUpdate } from '../../src/api/index.ts';

const time = '2024-01-01T00:00:00.000001Z';
const newType = { group: 'events.k8s.io', kind: 'Event', namespaced: true };
const coreType = { group: '', kind: 'Event', namespaced: true };

const newEvent = (rest: object = {}): KubernetesObject => ({
  apiVersion: 'events.k8s.io/v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'n' },
  ...{ eventTime: time, reportingController: 'example.com/it', reportingInstance: 'it-1', action: 'Do' },
  ...{ reason: 'Why', type: 'Normal', note: 'so', regarding: { kind: 'Pod', name: 'p', namespace: 'n' } },
  ...rest,
});
const coreEvent = (rest: object = {}, namespace = 'n'): KubernetesObject => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace },
  ...{ reason: 'Why', message: 'so', involvedObject: { namespace: 'n' } },
  ...rest,
});

test('events of the new group say who reports what, and nothing of the old', (t) => {
  const wrong = (rest: object): string[] => validate(newEvent(rest), newType).map(fieldErrorText);
  t.deepEqual(wrong({}), []);
  t.deepEqual(wrong({ reportingController: '' }).slice(0, 1), ['reportingController: Required value']);
  t.deepEqual(wrong({ reportingInstance: '' }), ['reportingInstance: Required value']);
  t.deepEqual(wrong({ action: 'a'.repeat(129) }), ['action: Invalid value: "": can have at most 128 characters']);
  t.deepEqual(wrong({ reason: '' }), ['reason: Required value']);
  t.deepEqual(wrong({ note: 'a'.repeat(1025) }), ['message: Invalid value: "": can have at most 1024 characters']);
  t.deepEqual(wrong({ type: 'Odd' }), ['type: Invalid value: "": has invalid value: Odd']);
  t.deepEqual(wrong({ deprecatedCount: 2 }), ['count: Invalid value: "": needs to be unset']);
  t.deepEqual(wrong({ deprecatedSource: { host: 'h' } }), ['source: Invalid value: "": needs to be unset']);
  const series = { count: 1, lastObservedTime: time };
  t.deepEqual(wrong({ series }), ['series.count: Invalid value: "": should be at least 2']);
  t.deepEqual(wrong({ regarding: {} }), [
    'involvedObject.namespace: Invalid value: "": does not match event.namespace',
  ]);
  t.deepEqual(wrong({ regarding: { namespace: 'elsewhere' } }), []);
});

test('of an event of the new group only the series goes on', (t) => {
  const wrong = (rest: object, old: object = {}): string[] =>
    validateUpdate(newEvent(rest), newEvent(old), newType).map(fieldErrorText);
  t.deepEqual(wrong({ series: { count: 2, lastObservedTime: time } }), []);
  t.deepEqual(wrong({ reason: 'Because' }), ['reason: Invalid value: "Because": field is immutable']);
  t.deepEqual(wrong({ note: 'other' }), ['message: Invalid value: "other": field is immutable']);
  const short = { series: { count: 1, lastObservedTime: time } };
  t.is(wrong(short).length, 1);
  t.deepEqual(wrong(short, short), [], 'what was there may stay');
});

test('through the core group much is let pass, but for the namespace', (t) => {
  const wrong = (event: KubernetesObject): string[] => validate(event, coreType).map(fieldErrorText);
  t.deepEqual(wrong(coreEvent()), []);
  t.deepEqual(wrong(coreEvent({ involvedObject: {} }, 'default')), []);
  const mismatch = 'does not match event.namespace';
  t.deepEqual(wrong(coreEvent({}, 'other')), [`involvedObject.namespace: Invalid value: "n": ${mismatch}`]);
  t.deepEqual(wrong(coreEvent({ involvedObject: {} })), [`involvedObject.namespace: Invalid value: "": ${mismatch}`]);
  const changed = coreEvent({ reason: 'Because', message: 'other', involvedObject: { namespace: 'n', name: 'x' } });
  t.deepEqual(validateUpdate(changed, coreEvent(), coreType), []);
  t.deepEqual(
    wrong(coreEvent({ eventTime: time, reportingComponent: 'it', reportingInstance: 'it-1', action: 'Do' })),
    [],
  );
  t.deepEqual(wrong(coreEvent({ eventTime: time, reportingComponent: 'it', reportingInstance: 'it-1' })), [
    'action: Required value',
  ]);
});
