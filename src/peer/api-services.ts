import {
  AUTO_MANAGED,
  type apiregistrationv1,
  apiServicesOf,
  availabilityOf,
  equalPlain,
  formatTime,
  type ResourceType,
  resources,
  type Scheme,
} from '../api/index.ts';
import { type Clock, errorMessage, type Logger, type Timer } from '../base/index.ts';
import type { Client, Informer } from '../client/index.ts';
import type { Turn } from './bootstrap.ts';
import { unlessOutrun } from './unless-outrun.ts';

type APIService = apiregistrationv1.APIService;

export interface ApiServiceUpkeepOptions {
  /** One peer at a time is enough. */
  turn: Turn;
  /** What is served, beside `further`. */
  scheme: Scheme;
  /** Kinds that are served without being objects in the registry. */
  further: readonly ResourceType[];
  services: Informer<APIService>;
  client: Client;
  clock: Clock;
  logger: Logger;
}

/** How long changes are left to gather, and when what failed is tried again. */
const GATHER_MS = 50;
const RETRY_MS = 1_000;

/**
 * Keeps an APIService for each group version that is served, and tells in the status of each whether it is available. Those of
 * Kubernetes' own groups are looked at when the turn begins, those of custom resources come and go with them; what others have
 * made is theirs. Returns the way to end it.
 */
export function keepApiServices(options: ApiServiceUpkeepOptions): () => void {
  const { turn, scheme, services, clock, logger } = options;
  let gathering: Timer | undefined;
  /** Whether it is known what is there. */
  let synced = false;
  let working = false;
  let ended = false;
  /** Whether this turn has had its first look. */
  let begun = false;
  const look = (delayMs: number = GATHER_MS): void => {
    if (!turn.isMine()) begun = false;
    else if (synced && !ended && gathering === undefined) gathering = clock.setTimer(delayMs, work);
  };
  const work = async (): Promise<void> => {
    gathering = undefined;
    // What changes meanwhile is seen by a look that follows.
    if (working) return look();
    working = true;
    try {
      await upkeep(options, begun);
      begun = true;
    } catch (error) {
      if (!ended) logger.warn({ error: errorMessage(error) }, 'keeping up the APIServices failed');
      look(RETRY_MS);
    } finally {
      working = false;
    }
  };
  const ends = [turn.onChange(() => look()), scheme.onChange(() => look())];
  services.synced().then(
    () => {
      synced = true;
      if (!ended) ends.push(services.onChange(() => look()));
      look(0);
    },
    () => {},
  );
  return () => {
    ended = true;
    gathering?.cancel();
    for (const end of ends) end();
  };
}

async function upkeep(options: ApiServiceUpkeepOptions, begun: boolean): Promise<void> {
  const { scheme, further, services, client, clock } = options;
  const wanted = new Map(
    apiServicesOf([...scheme.types, ...further]).map((service) => [service.metadata.name!, service]),
  );
  // All at once: the writes share a round of the store.
  await Promise.all([
    ...[...wanted.values()]
      .filter((service) => !begun || managed(service) === 'true')
      .map((service) => keep(client, services.get(undefined, service.metadata.name!), service)),
    ...services.list().map(async (service) => {
      const name = service.metadata.name!;
      const spurious = !wanted.has(name) && managed(service) !== undefined && (!begun || managed(service) === 'true');
      if (spurious) await unlessOutrun(client.delete(resources.apiServices, undefined, name));
      else await tellAvailability(client, service, clock.now());
    }),
  ]);
}

function managed({ metadata }: APIService): 'onstart' | 'true' | undefined {
  const value = metadata.labels?.[AUTO_MANAGED];
  return value === 'onstart' || value === 'true' ? value : undefined;
}

async function keep(client: Client, there: APIService | undefined, wanted: APIService): Promise<void> {
  if (there === undefined) {
    await unlessOutrun(client.create(resources.apiServices, wanted, { fieldManager: MANAGER }));
  } else if (managed(there) !== undefined && !equalPlain(there.spec, wanted.spec)) {
    await unlessOutrun(
      client.update<APIService>(resources.apiServices, { ...there, spec: wanted.spec! }, { fieldManager: MANAGER }),
    );
  }
}

async function tellAvailability(client: Client, service: APIService, now: number): Promise<void> {
  const condition = availabilityOf(service.spec);
  const conditions = service.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === condition.type);
  if (
    before?.status === condition.status &&
    before.reason === condition.reason &&
    before.message === condition.message
  ) {
    return;
  }
  const since = before?.status === condition.status ? before.lastTransitionTime : undefined;
  const told = { ...condition, lastTransitionTime: since ?? formatTime(now) };
  const status = { conditions: [...conditions.filter((each) => each !== before), told] };
  await unlessOutrun(
    client.update<APIService>(
      resources.apiServices,
      { ...service, status },
      { fieldManager: MANAGER, subresource: 'status' },
    ),
  );
}

const MANAGER = 'kube-apiserver';
