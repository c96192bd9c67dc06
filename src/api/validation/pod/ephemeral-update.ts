import { fieldPath, forbiddenField } from '../../field-errors.ts';
import { equalPlain } from '../../plain.ts';
import { quote } from '../../text.ts';
import type { v1 } from '../../types/index.ts';
import type { Errors } from '../checks.ts';
import { mirrorAnnotation } from './annotations.ts';
import { goDiff } from './go-diff.ts';
import { podSpecPath } from './spec.ts';

/** Ephemeral containers come, but neither change nor go. */
export function checkEphemeralUpdate(errors: Errors, pod: v1.Pod, old: v1.Pod): void {
  if (old.metadata.annotations?.[mirrorAnnotation] !== undefined) {
    const refusal = forbiddenField(fieldPath(), 'static pods do not support ephemeral containers');
    errors.splice(0, errors.length, refusal);
    return;
  }
  const path = podSpecPath.child('ephemeralContainers');
  const now = new Map(pod.spec?.ephemeralContainers?.map((container) => [container.name, container]));
  for (const container of old.spec?.ephemeralContainers ?? []) {
    const name = quote(container.name);
    const kept = now.get(container.name);
    if (kept === undefined) {
      errors.push(forbiddenField(path, `existing ephemeral containers ${name} may not be removed\n`));
    } else if (!equalPlain(kept, container)) {
      const diff = goDiff('EphemeralContainer', container, kept);
      errors.push(forbiddenField(path, `existing ephemeral containers ${name} may not be changed\n${diff}`));
    }
  }
}
