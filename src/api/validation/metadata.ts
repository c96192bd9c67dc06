import { type FieldPath, fieldPath, forbiddenField, invalidValue, required, tooLong } from '../field-errors.ts';
import {
  checkDns1035Label,
  checkDns1123Label,
  checkDns1123Subdomain,
  checkPathSegment,
  checkQualifiedName,
} from '../names.ts';
import type { ObjectMeta } from '../object.ts';
import type { ResourceType } from '../resource.ts';
import { checkCanonicalIp } from './addresses.ts';
import { addEach, checkImmutable, checkLabels, checkNonNegative, type Errors } from './checks.ts';

const maxAnnotationBytes = 256 * 1024;

type NameCheck = (name: string) => string[];

/** What names must look like where it isn't a DNS subdomain; by kind, and group unless it is core. */
const nameChecks: Readonly<Record<string, NameCheck>> = {
  Namespace: checkDns1123Label,
  Service: checkDns1035Label,
  'APIService.apiregistration.k8s.io': checkPathSegment,
  'StatefulSet.apps': checkDns1123Label,
  'IPAddress.networking.k8s.io': checkCanonicalIp,
  'CertificateSigningRequest.certificates.k8s.io': checkPathSegment,
  'CronJob.batch': (name) => [
    ...checkDns1123Subdomain(name),
    ...(name.length > 52 ? ['must be no more than 52 characters'] : []),
  ],
  'Role.rbac.authorization.k8s.io': checkPathSegment,
  'RoleBinding.rbac.authorization.k8s.io': checkPathSegment,
  'ClusterRole.rbac.authorization.k8s.io': checkPathSegment,
  'ClusterRoleBinding.rbac.authorization.k8s.io': checkPathSegment,
};

type Checked = Pick<ResourceType, 'group' | 'kind' | 'namespaced' | 'custom'>;

/** Finalizers that need no domain before them. */
const standardFinalizers: ReadonlySet<string> = new Set(['kubernetes', 'orphan', 'foregroundDeletion']);

/** Of a new object, after a name was generated. */
export function validateMetadata(metadata: ObjectMeta, type: Checked): Errors {
  const errors: Errors = [];
  const path = fieldPath('metadata');
  const check = nameChecks[type.group === '' ? type.kind : `${type.kind}.${type.group}`] ?? checkDns1123Subdomain;
  if (metadata.generateName) {
    // A trailing dash is fine, since more follows.
    const prefix = metadata.generateName.replace(/(?<=.)-$/, 'a');
    addEach(errors, path.child('generateName'), metadata.generateName, check(prefix));
  }
  if (!metadata.name) errors.push(required(path.child('name'), 'name or generateName is required'));
  else addEach(errors, path.child('name'), metadata.name, check(metadata.name));
  if (!type.namespaced) {
    if (metadata.namespace) errors.push(forbiddenField(path.child('namespace'), 'not allowed on this type'));
  } else if (!metadata.namespace) errors.push(required(path.child('namespace')));
  else addEach(errors, path.child('namespace'), metadata.namespace, checkDns1123Label(metadata.namespace));
  checkNonNegative(errors, path.child('generation'), metadata.generation);
  checkCommon(errors, path, metadata);
  checkFinalizerNames(errors, path.child('finalizers'), metadata, type);
  return errors;
}

/** Of a changed object. That there is a resourceVersion where one is needed is checked by who stores it. */
export function validateMetadataUpdate(metadata: ObjectMeta, old: ObjectMeta, type: Checked): Errors {
  const errors: Errors = [];
  const path = fieldPath('metadata');
  if (old.deletionTimestamp) {
    const added = (metadata.finalizers ?? []).filter((finalizer) => !old.finalizers?.includes(finalizer)).sort();
    if (added.length > 0) {
      const list = added.map((finalizer) => JSON.stringify(finalizer)).join(', ');
      const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
      errors.push(forbiddenField(path.child('finalizers'), detail));
    }
  }
  if ((metadata.generation ?? 0) < (old.generation ?? 0)) {
    errors.push(invalidValue(path.child('generation'), metadata.generation ?? 0, 'must not be decremented'));
  }
  for (const name of ['name', 'namespace', 'uid', 'creationTimestamp'] as const) {
    checkImmutable(errors, path.child(name), metadata[name] ?? '', old[name] ?? '');
  }
  checkCommon(errors, path, metadata);
  checkFinalizerNames(errors, path.child('finalizers'), metadata, type);
  return errors;
}

/** Of a template, whose metadata names nothing. Of a template for pods, `path` is the template's own: so Kubernetes says it. */
export function checkTemplateMetadata(errors: Errors, path: FieldPath, metadata: ObjectMeta = {}): void {
  checkLabels(errors, path.child('labels'), metadata.labels);
  checkAnnotations(errors, path.child('annotations'), metadata.annotations);
}

function checkCommon(errors: Errors, path: FieldPath, metadata: ObjectMeta): void {
  checkTemplateMetadata(errors, path, metadata);
  checkOwners(errors, path.child('ownerReferences'), metadata.ownerReferences);
  const { finalizers = [] } = metadata;
  const finalizersPath = path.child('finalizers');
  for (const finalizer of finalizers) addEach(errors, finalizersPath, finalizer, checkQualifiedName(finalizer));
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion')) {
    const detail = 'finalizer foregroundDeletion and orphan cannot be both set';
    errors.push(invalidValue(finalizersPath, finalizers, detail));
  }
}

/** Kubernetes' own servers beside the main one, and custom kinds, ask for less. */
const lenientGroups: ReadonlySet<string> = new Set(['apiextensions.k8s.io', 'apiregistration.k8s.io']);

function checkFinalizerNames(errors: Errors, path: FieldPath, { finalizers = [] }: ObjectMeta, type: Checked): void {
  if (type.custom !== undefined || lenientGroups.has(type.group)) return;
  for (const [index, name] of finalizers.entries()) checkFinalizerName(errors, path.index(index), name);
}

/** Only whoever defines a kind may have finalizers of its own without saying whose they are. */
export function checkFinalizerName(errors: Errors, path: FieldPath, name: string): void {
  if (name.includes('/') || standardFinalizers.has(name)) return;
  errors.push(invalidValue(path, name, 'name is neither a standard finalizer name nor is it fully qualified'));
}

function checkAnnotations(errors: Errors, path: FieldPath, annotations: Readonly<Record<string, string>> = {}): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    addEach(errors, path, key, checkQualifiedName(key.toLowerCase()));
    bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  }
  if (bytes > maxAnnotationBytes) errors.push(tooLong(path, maxAnnotationBytes));
}

function checkOwners(errors: Errors, path: FieldPath, owners: ObjectMeta['ownerReferences'] = []): void {
  let controller = '';
  for (const owner of owners) {
    const { apiVersion, kind, name, uid } = owner;
    if (!apiVersion) errors.push(invalidValue(path.child('apiVersion'), '', 'version must not be empty'));
    for (const [field, value] of Object.entries({ kind, name, uid })) {
      if (!value) errors.push(invalidValue(path.child(field), '', 'must not be empty'));
    }
    if (apiVersion === 'v1' && kind === 'Event') {
      errors.push(invalidValue(path, owner, '/v1, Kind=Event is disallowed from being an owner'));
    }
    if (!owner.controller) continue;
    const found = `${kind}/${name}`;
    if (controller !== '') {
      const detail = `Only one reference can have Controller set to true. Found "true" in references for ${controller} and ${found}`;
      errors.push(invalidValue(path, owners, detail));
    }
    controller ||= found;
  }
}
