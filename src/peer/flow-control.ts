import { type flowcontrolv1, formatTime, resources } from '../api/index.ts';
import {
  AUTO_UPDATE,
  defaultFlowSchemas,
  defaultPriorityLevels,
  type FlowControlSource,
  mandatoryNames,
} from '../apiserver/index.ts';
import { type Clock, errorMessage, type Logger, type Timer } from '../base/index.ts';
import type { Client, InformerFactory } from '../client/index.ts';
import type { Turn } from './bootstrap.ts';
import { unlessOutrun } from './unless-outrun.ts';

type FlowSchema = flowcontrolv1.FlowSchema;
type PriorityLevel = flowcontrolv1.PriorityLevelConfiguration;
type Default = FlowSchema | PriorityLevel;

/** Flow schemas and priority levels as informers keep them. */
export function flowControlSource(informers: InformerFactory): FlowControlSource {
  const schemas = informers.informer<FlowSchema>(resources.flowSchemas);
  const levels = informers.informer<PriorityLevel>(resources.priorityLevels);
  return {
    flowSchemas: () => schemas.list(),
    priorityLevels: () => levels.list(),
    onChange(listener) {
      schemas.onChange(listener);
      levels.onChange(listener);
    },
  };
}

export interface FlowControlUpkeepOptions {
  /** One peer at a time is enough. */
  turn: Turn;
  source: FlowControlSource;
  /** Resolves when the source has what is there. */
  synced: Promise<void>;
  client: Client;
  clock: Clock;
  logger: Logger;
}

/** How long changes are left to gather, and how often all is looked at anyway. */
const GATHER_MS = 200;
const LOOK_MS = 60_000;

/**
 * Keeps the default flow schemas and priority levels as they should be, and tells in each schema's status whether its level is there.
 * Returns the way to end it.
 */
export function keepFlowControl(options: FlowControlUpkeepOptions): () => void {
  const { turn, source, client, clock, logger } = options;
  let waiting = false;
  let ended = false;
  let gathering: Timer | undefined;
  const look = (): void => {
    if (waiting || ended || !turn.isMine()) return;
    waiting = true;
    gathering = clock.setTimer(GATHER_MS, () => {
      upkeep(source, client, clock.now())
        .catch((error) => logger.warn({ error: errorMessage(error) }, 'keeping up the flow schemas failed'))
        .finally(() => {
          waiting = false;
        });
    });
  };
  const ticker = clock.setTicker(LOOK_MS, look);
  const end = turn.onChange(look);
  options.synced.then(
    () => {
      source.onChange(look);
      look();
    },
    () => {},
  );
  return () => {
    ended = true;
    gathering?.cancel();
    ticker.cancel();
    end();
  };
}

async function upkeep(source: FlowControlSource, client: Client, now: number): Promise<void> {
  for (const wanted of defaultPriorityLevels) await keep(client, source.priorityLevels(), wanted);
  for (const wanted of defaultFlowSchemas) await keep(client, source.flowSchemas(), wanted);
  const levels = new Set(source.priorityLevels().map(({ metadata }) => metadata.name));
  for (const schema of source.flowSchemas()) await tellDangling(client, schema, levels, now);
}

async function keep(client: Client, found: readonly Default[], wanted: Default): Promise<void> {
  const type = wanted.kind === 'FlowSchema' ? resources.flowSchemas : resources.priorityLevels;
  const name = wanted.metadata.name!;
  const there = found.find(({ metadata }) => metadata.name === name);
  const mandatory = mandatoryNames.has(name);
  if (there === undefined) {
    await unlessOutrun(client.create(type, wanted, { fieldManager: MANAGER }));
  } else if (mandatory || there.metadata.annotations?.[AUTO_UPDATE] === 'true') {
    if (covers(there.spec, wanted.spec)) return;
    await unlessOutrun(client.update(type, { ...there, spec: wanted.spec } as Default, { fieldManager: MANAGER }));
  }
}

const MANAGER = 'api-priority-and-fairness-config-producer-v1';

/** Whether all that is wanted is there; beside it there may be defaults. */
function covers(found: unknown, wanted: unknown): boolean {
  if (typeof wanted !== 'object' || wanted === null) return found === wanted;
  if (typeof found !== 'object' || found === null) return false;
  if (Array.isArray(wanted) && (!Array.isArray(found) || found.length !== wanted.length)) return false;
  return Object.entries(wanted).every(([key, value]) => covers((found as Record<string, unknown>)[key], value));
}

async function tellDangling(
  client: Client,
  schema: FlowSchema,
  levels: ReadonlySet<string | undefined>,
  now: number,
): Promise<void> {
  const level = schema.spec?.priorityLevelConfiguration.name ?? '';
  const there = levels.has(level);
  const message = `This FlowSchema references the PriorityLevelConfiguration object named ${JSON.stringify(level)} ${
    there ? 'and it exists' : 'but there is no such object'
  }`;
  const status = there ? 'False' : 'True';
  const conditions = schema.status?.conditions ?? [];
  const before = conditions.find(({ type }) => type === 'Dangling');
  if (before?.status === status && before.message === message) return;
  const condition: flowcontrolv1.FlowSchemaCondition = {
    type: 'Dangling',
    status,
    lastTransitionTime:
      before?.status === status && before.lastTransitionTime !== undefined
        ? before.lastTransitionTime
        : formatTime(now),
    reason: there ? 'Found' : 'NotFound',
    message,
  };
  const others = conditions.filter(({ type }) => type !== 'Dangling');
  await unlessOutrun(
    client.update<FlowSchema>(
      resources.flowSchemas,
      { ...schema, status: { conditions: [...others, condition] } },
      { fieldManager: STATUS_MANAGER, subresource: 'status' },
    ),
  );
}

const STATUS_MANAGER = 'api-priority-and-fairness-config-consumer-v1';
