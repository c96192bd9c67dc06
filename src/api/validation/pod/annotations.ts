import { type FieldError, type FieldPath, forbiddenField, invalidValue } from '../../field-errors.ts';
import type { ObjectMeta } from '../../object.ts';
import { quote } from '../../text.ts';
import type { v1 } from '../../types/index.ts';
import type { Errors } from '../checks.ts';
import { checkTolerations } from '../placement.ts';
import { eachContainer } from './each-container.ts';
import { checkRelativePath } from './paths.ts';

/** Says that the pod is a node's own, and this object but its picture. */
export const mirrorAnnotation = 'kubernetes.io/config.mirror';
export const appArmorPrefix = 'container.apparmor.security.beta.kubernetes.io/';
export const seccompAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
export const seccompPrefix = 'container.seccomp.security.alpha.kubernetes.io/';
const tolerationsAnnotation = 'scheduler.alpha.kubernetes.io/tolerations';
const costAnnotation = 'controller.kubernetes.io/pod-deletion-cost';
const localPrefix = 'localhost/';

type Annotations = Readonly<Record<string, string>>;

/** Annotations that mean something to Kubernetes. */
export function checkPodAnnotations(errors: Errors, path: FieldPath, annotations: Annotations, spec: v1.PodSpec): void {
  for (const [key, value] of Object.entries(annotations)) {
    if (key === mirrorAnnotation) {
      const detail = 'must set spec.nodeName if mirror pod annotation is set';
      if (!spec.nodeName) errors.push(invalidValue(path.key(key), value, detail));
    } else if (key === tolerationsAnnotation) checkWrittenTolerations(errors, path, value);
    else if (key === costAnnotation) {
      if (!isCost(value)) errors.push(invalidValue(path.key(key), value, 'must be a 32bit integer'));
    } else if (key === seccompAnnotation || key.startsWith(seccompPrefix)) {
      checkSeccompText(errors, path.child(key), value);
    } else if (key.startsWith(appArmorPrefix)) checkAppArmorText(errors, path.key(key), key, value, spec);
  }
}

/** Annotations that have to stay as they are. */
export function checkAnnotationUpdate(errors: Errors, path: FieldPath, now: ObjectMeta, old: ObjectMeta): void {
  const { annotations: after = {} } = now;
  const { annotations: before = {} } = old;
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    if (after[key] === before[key]) continue;
    const what = key.startsWith(appArmorPrefix)
      ? 'AppArmor annotations'
      : key === mirrorAnnotation
        ? 'mirror pod annotation'
        : undefined;
    if (what === undefined) continue;
    const deed = Object.hasOwn(before, key) ? 'remove or update' : 'add';
    errors.push(forbiddenField(path.key(key), `may not ${deed} ${what}`));
  }
}

function checkWrittenTolerations(errors: Errors, path: FieldPath, text: string): void {
  if (text === '') return;
  let tolerations: unknown;
  try {
    tolerations = JSON.parse(text);
  } catch (error) {
    errors.push(invalidValue(path, tolerationsAnnotation, (error as Error).message));
    return;
  }
  if (tolerations === null) return;
  if (!Array.isArray(tolerations)) {
    errors.push(invalidValue(path, tolerationsAnnotation, 'must be a list of tolerations'));
  } else
    checkTolerations(
      errors,
      path.child(tolerationsAnnotation),
      tolerations.map((item) => item ?? {}),
    );
}

function isCost(text: string): boolean {
  if (!/^(?:0|-?\d+)$/.test(text) || /^0\d/.test(text)) return false;
  const cost = Number(text);
  return cost >= -(2 ** 31) && cost < 2 ** 31;
}

const seccompNames: ReadonlySet<string> = new Set(['runtime/default', 'docker/default', 'unconfined']);

function checkSeccompText(errors: Errors, path: FieldPath, profile: string): void {
  if (seccompNames.has(profile)) return;
  if (profile.startsWith(localPrefix)) checkRelativePath(errors, path, profile.slice(localPrefix.length));
  else errors.push(invalidValue(path, profile, 'must be a valid seccomp profile'));
}

function checkAppArmorText(errors: Errors, path: FieldPath, key: string, profile: string, spec: v1.PodSpec): void {
  const container = key.slice(appArmorPrefix.length);
  let found = false;
  eachContainer(spec, path, ({ name }) => {
    found ||= name === container;
  });
  if (!found) errors.push(invalidValue(path, container, 'container not found'));
  if (profile === '' || profile === 'runtime/default' || profile === 'unconfined') return;
  if (profile.startsWith(localPrefix)) return;
  errors.push(invalidValue(path, profile, `invalid AppArmor profile name: ${quote(profile)}`));
}

interface Profile {
  type: string;
  localhostProfile?: string;
}

/** Annotations that say the same as a field, of older days, must not say something else. `path`: of the spec. */
export function checkAnnotationsMatch(
  errors: Errors,
  path: FieldPath,
  annotations: Annotations,
  spec: v1.PodSpec,
): void {
  const ofPod = spec.securityContext?.seccompProfile;
  const compare = (kind: 'seccomp' | 'apparmor', at: FieldPath, text: string | undefined, profile?: Profile): void => {
    if (text === undefined || profile === undefined) return;
    const problem = mismatch(kind, at, text, profile);
    if (problem !== undefined) errors.push(problem);
  };
  compare('seccomp', path.child('securityContext', 'seccompProfile'), annotations[seccompAnnotation], ofPod);
  eachContainer(spec, path, ({ name, securityContext }, at) => {
    const security = at().child('securityContext');
    compare(
      'seccomp',
      security.child('seccompProfile'),
      annotations[seccompPrefix + name],
      securityContext?.seccompProfile,
    );
    if (spec.os?.name === 'windows') return;
    const profile = securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile;
    compare('apparmor', security.child('appArmorProfile'), annotations[appArmorPrefix + name], profile);
  });
}

function mismatch(
  kind: 'seccomp' | 'apparmor',
  path: FieldPath,
  text: string,
  { type, localhostProfile }: Profile,
): FieldError | undefined {
  const wrongType = forbiddenField(path.child('type'), `${kind} type in annotation and field must match`);
  if (type === 'Unconfined') return text === 'unconfined' ? undefined : wrongType;
  if (type === 'RuntimeDefault') {
    const same = text === 'runtime/default' || (kind === 'seccomp' && text === 'docker/default');
    return same ? undefined : wrongType;
  }
  if (type !== 'Localhost') return undefined;
  if (!text.startsWith(localPrefix)) return wrongType;
  if (text.slice(localPrefix.length) === localhostProfile) return undefined;
  return forbiddenField(path.child('localhostProfile'), `${kind} profile in annotation and field must match`);
}
