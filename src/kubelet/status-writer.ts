import { isDeepStrictEqual } from 'node:util';
import { ApiError, reasonOf, resources, type v1 } from '../api/index.ts';
import { type Clock, errorMessage, type Logger, type Timer } from '../base/index.ts';
import type { Client } from '../client/index.ts';
import { ownedConditions } from './pod-conditions.ts';

interface Entry {
  pod: v1.Pod;
  wanted: v1.PodStatus;
  /** What the API has, as far as we know. */
  written: v1.PodStatus;
  /** The pod has ended, and its object is to go. */
  remove: boolean;
  writing: boolean;
  failures: number;
  timer: Timer | undefined;
}

const retryMsMin = 200;
const retryMsMax = 10_000;

/**
 * Brings statuses of pods to the API, behind the back of those who compute them: the newest counts, equal ones are
 * not written, and what fails is tried again. Pods are managed on while the API can't be reached.
 */
export class StatusWriter {
  readonly #client: Client;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #entries = new Map<string, Entry>();
  #stopped = false;

  constructor(client: Client, clock: Clock, logger: Logger) {
    this.#client = client;
    this.#clock = clock;
    this.#logger = logger;
  }

  /** The status set last; what the API had when the pod was first seen, before that. */
  current(pod: v1.Pod): v1.PodStatus {
    return this.#entries.get(pod.metadata.uid!)?.wanted ?? pod.status ?? {};
  }

  set(pod: v1.Pod, status: v1.PodStatus): void {
    const entry = this.#entry(pod);
    entry.pod = pod;
    entry.wanted = status;
    this.#write(entry);
  }

  /** After its status is written, deletes the object of a pod that has ended and was asked to go. */
  remove(pod: v1.Pod): void {
    const entry = this.#entry(pod);
    entry.pod = pod;
    entry.remove = true;
    this.#write(entry);
  }

  /** The pod is gone from the API. */
  forget(podUid: string): void {
    this.#entries.get(podUid)?.timer?.cancel();
    this.#entries.delete(podUid);
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#entries.values()) timer?.cancel();
  }

  #entry(pod: v1.Pod): Entry {
    const uid = pod.metadata.uid!;
    let entry = this.#entries.get(uid);
    if (!entry) {
      const written = pod.status ?? {};
      entry = { pod, wanted: written, written, remove: false, writing: false, failures: 0, timer: undefined };
      this.#entries.set(uid, entry);
    }
    return entry;
  }

  #write(entry: Entry): void {
    if (this.#stopped || entry.writing || entry.timer) return;
    entry.writing = true;
    void this.#writeAll(entry)
      .then(() => {
        entry.failures = 0;
      })
      .catch((error) => this.#failed(entry, error))
      .finally(() => {
        entry.writing = false;
      });
  }

  async #writeAll(entry: Entry): Promise<void> {
    while (!this.#stopped) {
      const { pod, wanted } = entry;
      const { namespace, name, uid } = pod.metadata;
      const body = changesOf(entry.written, wanted);
      if (body) {
        // The uid, so that a status never reaches another pod of the same name.
        const patch = { type: 'strategic', body: { metadata: { uid }, status: body } } as const;
        await this.#client.patch(resources.pods, namespace, name!, patch, { subresource: 'status' });
        entry.written = wanted;
      } else if (entry.remove) {
        await this.#client.delete(resources.pods, namespace, name!, {
          gracePeriodSeconds: 0,
          preconditions: { uid: uid! },
        });
        entry.remove = false;
        return;
      } else return;
    }
  }

  #failed(entry: Entry, error: unknown): void {
    const { namespace, name, uid } = entry.pod.metadata;
    const fields = { pod: `${namespace}/${name}`, error: errorMessage(error) };
    const reason = reasonOf(error);
    // Gone, or another pod has the name now.
    if (reason === 'NotFound' || reason === 'Conflict') {
      this.forget(uid!);
      return;
    }
    const refused = error instanceof ApiError && error.httpCode < 500 && reason !== 'TooManyRequests';
    this.#logger[refused ? 'warn' : 'debug'](fields, 'the status of a pod could not be written');
    const delayMs = Math.min(retryMsMax, retryMsMin * 2 ** entry.failures++);
    entry.timer = this.#clock.setTimer(delayMs, () => {
      entry.timer = undefined;
      this.#write(entry);
    });
  }
}

/** The fields to patch, null for what goes; undefined when nothing changes. */
function changesOf(before: v1.PodStatus, after: v1.PodStatus): Record<string, unknown> | undefined {
  const changes: Record<string, unknown> = {};
  for (const field of Object.keys(after) as (keyof v1.PodStatus)[]) {
    if (isDeepStrictEqual(comparable(field, before), comparable(field, after))) continue;
    changes[field] = patchOf(field, before, after);
  }
  for (const field of ownFields) if (before[field] !== undefined && after[field] === undefined) changes[field] = null;
  return Object.keys(changes).length === 0 ? undefined : changes;
}

/** Fields that the kubelet sets and takes back. */
const ownFields = ['reason', 'message', 'podIP', 'podIPs'] as const satisfies (keyof v1.PodStatus)[];

/** A field as it looks in JSON, without what is null or undefined; of conditions only ours, for others change theirs. */
function comparable(field: keyof v1.PodStatus, status: v1.PodStatus): unknown {
  const value = field === 'conditions' ? ownConditions(status) : status[field];
  if (value === undefined) return undefined;
  return JSON.parse(JSON.stringify(value, (_, part) => part ?? undefined));
}

/** Lists that a strategic patch merges by key need to be told what goes. */
function patchOf(field: keyof v1.PodStatus, before: v1.PodStatus, after: v1.PodStatus): unknown {
  if (field === 'conditions') {
    return ownConditions(after).map((condition) => ({ reason: null, message: null, ...condition }));
  }
  const merged = field === 'podIPs' || field === 'hostIPs';
  return merged && before[field]?.length ? [{ $patch: 'replace' }, ...after[field]!] : after[field];
}

function ownConditions({ conditions = [] }: v1.PodStatus): v1.PodCondition[] {
  return conditions.filter(({ type }) => ownedConditions.has(type));
}
