import test from 'ava';
import { checkChange, checkNew, type Kind } from './support/validation.ts';

test('runtime classes', (t) => {
  const kind: Kind = { apiVersion: 'node.k8s.io/v1', kind: 'RuntimeClass', cluster: true };
  const toleration = { key: 'a', operator: 'Exists' };
  checkNew(t, kind, [
    [{ handler: 'runc' }, []],
    [{}, ['handler: Required value']],
    [{ handler: 'Run C' }, [/^handler: Invalid value: "Run C": a lowercase RFC 1123 label must/]],
    [
      { handler: 'runc', scheduling: { tolerations: [toleration, toleration] } },
      ['scheduling.tolerations[1]: Duplicate value: {"key":"a","operator":"Exists"}'],
    ],
  ]);
  checkChange(t, kind, [
    [{ handler: 'runc' }, { handler: 'other' }, ['handler: Invalid value: "other": field is immutable']],
  ]);
});

test('revisions of controllers', (t) => {
  const kind: Kind = { apiVersion: 'apps/v1', kind: 'ControllerRevision' };
  checkNew(t, kind, [
    [{ revision: 1, data: { a: 1 } }, []],
    [
      { revision: -1 },
      ['data: Required value: data is mandatory', 'revision: Invalid value: -1: must be greater than or equal to 0'],
    ],
  ]);
  checkChange(t, kind, [
    [{ revision: 1, data: {} }, { revision: 2, data: {} }, []],
    [{ revision: 1, data: {} }, { revision: 1, data: { a: 1 } }, ['data: Invalid value: {"a":1}: field is immutable']],
  ]);
});
