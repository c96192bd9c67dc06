import {
  errors,
  fieldPath,
  formatTime,
  invalidValue,
  type KubernetesObject,
  type UnstructuredObject,
} from '../../../api/index.ts';
import type { PrivateClaims, Reference, ServiceAccountTokens } from '../../authentication/service-account/index.ts';
import { serviceAccountUserName } from '../../authentication/service-account/index.ts';
import { ComputedObject } from '../encoded.ts';
import { randomUuid } from '../metadata.ts';
import { storageOf } from '../storage.ts';
import type { Encoded, GroupResource, Registry } from '../types.ts';
import { check, confirmSubresource, scopeOf, type WriteContext } from '../write-stages.ts';

interface TokenRequest extends KubernetesObject {
  spec: {
    audiences?: string[] | null;
    expirationSeconds?: number | null;
    boundObjectRef?: { kind?: string; apiVersion?: string; name?: string; uid?: string } | null;
  };
}

const DEFAULT_SECONDS = 60 * 60;
const MIN_SECONDS = 10 * 60;
const MAX_SECONDS = 2 ** 32;
/**
 * What pods' own tokens ask for. Programs that read theirs only once must go on working, so such a token lives for a year, and
 * says when it should have been renewed.
 */
const POD_SECONDS = 60 * 60 + 7;
const EXTENDED_SECONDS = 365 * 24 * 60 * 60;

/** Tells the audit log which token was given out. */
const ISSUED_ANNOTATION = 'authentication.kubernetes.io/issued-credential-id';

const serviceAccounts = { group: '', resource: 'serviceaccounts' };

/** POST of a TokenRequest under a service account: answers with a token that stands for it. Nothing is stored. */
export async function requestToken(
  context: WriteContext,
  request: Parameters<Registry['create']>[0] & { name: string },
  tokens: ServiceAccountTokens,
): Promise<Encoded> {
  const { name, namespace = '' } = request;
  const scope = scopeOf(request, storageOf(request.type));
  const body = check(request.object, scope) as unknown as TokenRequest;
  checkTarget(body, namespace, name);
  const account = await lookup(context, serviceAccounts, namespace, name);
  const { audiences, boundObjectRef } = body.spec ?? {};
  const expirationSeconds = body.spec?.expirationSeconds ?? DEFAULT_SECONDS;
  checkDuration(name, expirationSeconds);
  await confirmSubresource(context, scope, name, body as unknown as UnstructuredObject, account);
  const audience = audiences?.length ? audiences : [...tokens.audiences];
  const bound = boundObjectRef ? await boundObject(context, boundObjectRef, namespace, name) : undefined;
  const now = Math.floor(context.clock.now() / 1_000);
  const forApi = audience.every((each) => tokens.audiences.includes(each));
  const extended = bound?.pod !== undefined && forApi && expirationSeconds === POD_SECONDS;
  const claims: PrivateClaims = {
    namespace,
    serviceaccount: { name, uid: account.metadata.uid! },
    ...bound,
    ...(extended ? { warnafter: now + expirationSeconds } : {}),
  };
  const id = randomUuid(context.random);
  const token = await tokens.sign({
    iss: tokens.issuer,
    sub: serviceAccountUserName(namespace, name),
    aud: audience,
    iat: now,
    nbf: now,
    exp: now + (extended ? EXTENDED_SECONDS : expirationSeconds),
    jti: id,
    'kubernetes.io': claims,
  });
  if (request.auditAnnotations !== undefined) request.auditAnnotations[ISSUED_ANNOTATION] = `JTI=${id}`;
  const answer = {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: formatTime(context.clock.now()) },
    spec: {
      audiences: audience,
      expirationSeconds,
      boundObjectRef: boundObjectRef ?? null,
    },
    status: { token, expirationTimestamp: formatTime((now + expirationSeconds) * 1_000) },
  };
  return new ComputedObject(answer as KubernetesObject);
}

function checkTarget({ metadata }: TokenRequest, namespace: string, name: string): void {
  if (metadata?.name && metadata.name !== name) {
    throw errors.badRequest(`name in URL does not match name in TokenRequest object: ${name} != ${metadata.name}`);
  }
  if (metadata?.namespace && metadata.namespace !== namespace) {
    throw errors.badRequest(
      `namespace in URL does not match namespace in TokenRequest object: ${namespace} != ${metadata.namespace}`,
    );
  }
}

function checkDuration(name: string, seconds: number): void {
  const path = fieldPath('spec', 'expirationSeconds');
  const problem =
    seconds < MIN_SECONDS
      ? invalidValue(path, seconds, 'may not specify a duration less than 10 minutes')
      : seconds > MAX_SECONDS
        ? invalidValue(path, seconds, 'may not specify a duration larger than 2^32 seconds')
        : undefined;
  if (problem !== undefined) {
    throw errors.invalid({ group: 'authentication.k8s.io', kind: 'TokenRequest' }, name, [problem]);
  }
}

/** What the token is to stand and fall with, as it is now. */
async function boundObject(
  context: WriteContext,
  { kind = '', apiVersion = '', name = '', uid }: NonNullable<TokenRequest['spec']['boundObjectRef']>,
  namespace: string,
  account: string,
): Promise<Pick<PrivateClaims, 'pod' | 'secret' | 'node'>> {
  const known = { Pod: 'pods', Secret: 'secrets', Node: 'nodes' }[kind];
  if (known === undefined || apiVersion !== 'v1') {
    throw errors.badRequest(`cannot bind token to object of type ${apiVersion}, Kind=${kind}`);
  }
  const type = { group: '', resource: known };
  const object = await lookup(context, type, kind === 'Node' ? undefined : namespace, name);
  const found = reference(object);
  if (uid && uid !== found.uid) {
    const text = `the UID in the bound object reference (${uid}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw errors.conflict({ group: '', resource: kind }, name, text);
  }
  if (kind === 'Secret') return { secret: found };
  if (kind === 'Node') return { node: found };
  const { serviceAccountName, nodeName } = (object as { spec?: Record<string, string> }).spec ?? {};
  if (serviceAccountName !== account) {
    throw errors.badRequest(
      `cannot bind token for serviceaccount "${account}" to pod running with different serviceaccount name.`,
    );
  }
  // Where the pod runs is told along, as far as it is known.
  const node = nodeName ? context.state.lookup({ group: '', resource: 'nodes' }, undefined, nodeName) : undefined;
  return { pod: found, ...(node === undefined ? {} : { node: reference(node.object) }) };
}

function reference({ metadata }: UnstructuredObject): Reference {
  return { name: metadata.name!, uid: metadata.uid! };
}

async function lookup(
  { state }: WriteContext,
  type: GroupResource,
  namespace: string | undefined,
  name: string,
): Promise<UnstructuredObject> {
  let found = state.lookup(type, namespace, name);
  if (found === undefined) {
    await state.fresh();
    found = state.lookup(type, namespace, name);
  }
  if (found === undefined) throw errors.notFound(type, name);
  return found.object;
}
