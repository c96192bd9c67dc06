import { duplicate, fieldPath, required } from '../field-errors.ts';
import { checkDns1123Label } from '../names.ts';
import { equalPlain } from '../plain.ts';
import type { appsv1, nodev1 } from '../types/index.ts';
import { addEach, checkImmutable, checkLabels, checkNonNegative } from './checks.ts';
import { checkTolerations } from './placement.ts';
import { type KindRules, kindRules } from './rules.ts';

/** Rules of kinds of which one field says what the object is, and so stays. */
export const fixedKindRules: Readonly<Record<string, KindRules>> = {
  'RuntimeClass.node.k8s.io': kindRules<nodev1.RuntimeClass>({
    check({ handler, scheduling }, errors) {
      if (handler) addEach(errors, fieldPath('handler'), handler, checkDns1123Label(handler));
      if (scheduling === undefined) return;
      const path = fieldPath('scheduling');
      checkLabels(errors, path.child('nodeSelector'), scheduling.nodeSelector);
      const { tolerations = [] } = scheduling;
      checkTolerations(errors, path.child('tolerations'), tolerations);
      tolerations.forEach((toleration, index) => {
        if (!tolerations.slice(0, index).some((other) => equalPlain(other, toleration))) return;
        errors.push(duplicate(path.child('tolerations').index(index), toleration));
      });
    },
    checkUpdate({ handler }, old, errors) {
      checkImmutable(errors, fieldPath('handler'), handler, old.handler);
    },
  }),
  'ControllerRevision.apps': kindRules<appsv1.ControllerRevision>({
    check({ data, revision }, errors) {
      if (data === undefined || data === null) errors.push(required(fieldPath('data'), 'data is mandatory'));
      checkNonNegative(errors, fieldPath('revision'), revision);
    },
    checkUpdate({ data }, old, errors) {
      checkImmutable(errors, fieldPath('data'), data, old.data);
    },
  }),
};
