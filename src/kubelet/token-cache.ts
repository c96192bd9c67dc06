import { type authenticationv1, parseTime, resources, type v1 } from '../api/index.ts';
import type { Clock, Logger, Random } from '../base/index.ts';
import { errorMessage } from '../base/index.ts';
import type { Client } from '../client/index.ts';

/** How old a token may be before it is renewed, however long it lives. */
const MAX_AGE_MS = 24 * 60 * 60_000;
/** Of a token's life, the part that is over when it is renewed. */
const RENEW_AT = 0.8;
/** So that not all pods that came together renew together. */
const JITTER_MS = 10_000;

interface Held {
  token: string;
  renewAtMs: number;
  expiresAtMs: number;
}

/** The service account tokens in the volumes of a node's pods, each bound to its pod, renewed in time. */
export class TokenCache {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  /** By pod, then by audience and duration. */
  readonly #held = new Map<string, Map<string, Held>>();

  constructor(options: { client: Client; clock: Clock; random: Random; logger: Logger }) {
    this.#client = options.client;
    this.#clock = options.clock;
    this.#random = options.random;
    this.#logger = options.logger;
  }

  /** A token as the projection asks; the one at hand while it is young, or good and can't be renewed. Else rejects. */
  async token(pod: v1.Pod, projection: v1.ServiceAccountTokenProjection): Promise<string> {
    const uid = pod.metadata.uid!;
    const ofPod = this.#held.get(uid) ?? new Map<string, Held>();
    this.#held.set(uid, ofPod);
    const { audience = '', expirationSeconds } = projection;
    const key = JSON.stringify([audience, expirationSeconds]);
    const held = ofPod.get(key);
    const now = this.#clock.now();
    if (held !== undefined && now < held.renewAtMs) return held.token;
    try {
      const fresh = await this.#request(pod, audience, expirationSeconds);
      ofPod.set(key, fresh);
      return fresh.token;
    } catch (error) {
      if (held === undefined || now >= held.expiresAtMs) throw error;
      const { namespace, name } = pod.metadata;
      this.#logger.warn({ pod: `${namespace}/${name}`, error: errorMessage(error) }, 'a token could not be renewed');
      return held.token;
    }
  }

  /** The pod is gone. */
  forget(podUid: string): void {
    this.#held.delete(podUid);
  }

  async #request(pod: v1.Pod, audience: string, expirationSeconds: number | undefined): Promise<Held> {
    const { name, namespace, uid } = pod.metadata;
    const request: authenticationv1.TokenRequest = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      metadata: { name: pod.spec?.serviceAccountName || 'default', namespace },
      spec: {
        audiences: audience === '' ? [] : [audience],
        ...(expirationSeconds === undefined ? {} : { expirationSeconds }),
        boundObjectRef: { apiVersion: 'v1', kind: 'Pod', name: name!, uid: uid! },
      },
    };
    const now = this.#clock.now();
    const { status } = await this.#client.create(resources.serviceAccounts, request, { subresource: 'token' });
    const expiresAtMs = parseTime(status!.expirationTimestamp) ?? now;
    const lifeMs = expiresAtMs - now;
    const jitterMs = this.#random.next() * JITTER_MS;
    const renewAtMs = now + Math.min(lifeMs * RENEW_AT, MAX_AGE_MS) - jitterMs;
    return { token: status!.token, renewAtMs, expiresAtMs };
  }
}
