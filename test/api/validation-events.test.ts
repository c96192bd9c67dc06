import test from 'ava';
import { checkChange, checkNew, type Json, type Kind } from './support/validation.ts';

const about = { kind: 'Pod', apiVersion: 'v1', name: 'p', namespace: 'default' };
const time = '2026-01-01T00:00:00.000000Z';

test('events of the core group', (t) => {
  const kind: Kind = { apiVersion: 'v1', kind: 'Event' };
  const event = (parts: Json): Json => ({ involvedObject: about, ...parts });
  const at = 'involvedObject.namespace';
  checkNew(t, kind, [
    [event({}), []],
    [
      event({ involvedObject: { ...about, namespace: 'other' } }),
      [`${at}: Invalid value: "other": does not match event.namespace`],
    ],
    // Of objects without a namespace, in one that clients agree on; no kind is looked at.
    [event({ involvedObject: { ...about, namespace: undefined } }), []],
    [event({ involvedObject: { ...about, kind: 'Node' } }), []],
    [event({ involvedObject: { ...about, kind: 'Custom', apiVersion: 'a.b/v1' } }), []],
    [
      event({ eventTime: time }),
      [
        'reportingComponent: Required value',
        /^reportingComponent: Invalid value: "": name part must be non-empty$/,
        /^reportingComponent: Invalid value: ""/,
        'reportingInstance: Required value',
        'action: Required value',
        'reason: Required value',
      ],
    ],
    [
      event({
        eventTime: time,
        reportingComponent: 'a/b',
        reportingInstance: 'x'.repeat(129),
        action: 'x'.repeat(129),
        reason: 'x'.repeat(129),
        message: 'x'.repeat(1025),
      }),
      [
        'reportingIntance: Invalid value: "": can have at most 128 characters',
        'action: Invalid value: "": can have at most 128 characters',
        'reason: Invalid value: "": can have at most 128 characters',
        'message: Invalid value: "": can have at most 1024 characters',
      ],
    ],
  ]);
  // Who counts events of the older form changes them as they please.
  checkChange(t, kind, [[event({ count: 1 }), event({ count: 2, message: 'other' }), []]]);
});

test('events of their own group', (t) => {
  const kind: Kind = { apiVersion: 'events.k8s.io/v1', kind: 'Event' };
  const event = (parts: Json): Json => ({
    regarding: about,
    eventTime: time,
    reportingController: 'a/b',
    reportingInstance: 'i',
    action: 'Doing',
    reason: 'Done',
    type: 'Normal',
    ...parts,
  });
  const unset = 'Invalid value: "": needs to be unset';
  checkNew(t, kind, [
    [event({}), []],
    [event({ eventTime: undefined }), ['eventTime: Required value']],
    [event({ type: 'Odd' }), ['type: Invalid value: "": has invalid value: Odd']],
    [
      event({ series: { count: 1 } }),
      ['series.count: Invalid value: "": should be at least 2', 'series.lastObservedTime: Required value'],
    ],
    [
      event({
        deprecatedFirstTimestamp: time,
        deprecatedLastTimestamp: time,
        deprecatedCount: 1,
        deprecatedSource: { host: 'h' },
      }),
      [`firstTimestamp: ${unset}`, `lastTimestamp: ${unset}`, `count: ${unset}`, `source: ${unset}`],
    ],
  ]);
  checkChange(t, kind, [
    [event({}), event({ series: { count: 2, lastObservedTime: time } }), []],
    [event({}), event({ note: 'other' }), ['message: Invalid value: "other": field is immutable']],
    [
      event({}),
      event({ regarding: { ...about, name: 'q' } }),
      [/^involvedObject: Invalid value: .*: field is immutable$/],
    ],
    [
      event({}),
      event({ series: { count: 1, lastObservedTime: time } }),
      ['series.count: Invalid value: "": should be at least 2'],
    ],
  ]);
});
