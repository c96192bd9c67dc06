import { type Random, randomInteger } from '../base/index.ts';
import { defaultTiming, type LeaderElectionTiming } from '../client/index.ts';
import type { ReplicaLimits } from '../replica/index.ts';
import type { DiskFaults, NetworkFaults } from './world/index.ts';

export type FaultKind =
  | 'crash'
  | 'crash-leader'
  | 'stop'
  | 'pause'
  | 'partition'
  | 'one-way'
  | 'bridge'
  | 'isolate-leader'
  | 'freeze-leader'
  | 'freeze-holder'
  | 'clock-jump'
  | 'bit-flip'
  | 'old-copy'
  | 'transfer'
  | 'membership';

/** How rough a run is: drawn from its seed, so that what is rare in one is common in another. */
export interface Weather {
  peers: number;
  reads: 'index' | 'lease';
  limits: Partial<ReplicaLimits> & Pick<ReplicaLimits, 'electionTicks' | 'tickMs'>;
  network: NetworkFaults;
  disk: DiskFaults;
  /** Mean milliseconds from one fault to the next. */
  faultEveryMs: number;
  /** How long faults last at most, those that last long. */
  faultMs: number;
  faults: [FaultKind, number][];
  clients: number;
  /** Mean milliseconds that a client thinks. */
  thinkMs: number;
  /** Whether there is an API with controllers above the store, too. */
  controlPlane: boolean;
  /** How much later than they happened controllers hear of things at most, as they would over a network; in milliseconds. */
  watchLagMs: number;
  /** How controllers fight for their lease. */
  election: LeaderElectionTiming;
}

/** Clocks' rates: within the drift that lease reads allow for. */
export const SLOWEST_CLOCK = 0.96;
export const FASTEST_CLOCK = 1.05;

/** As short as a Lease, which holds whole seconds, can be. */
const hastyElection: LeaderElectionTiming = { leaseDurationMs: 1_000, renewDeadlineMs: 700, retryPeriodMs: 250 };

/** In a storm leaders come and go before they have done much: what takes several of them in a row becomes common. */
export function drawWeather(
  random: Random,
  given: { peers?: number | undefined; controlPlane?: boolean | undefined },
): Weather {
  const upTo = (max: number): number => (random.next() < 0.4 ? 0 : random.next() * max);
  const anyOf = <T>(...items: T[]): T => items[randomInteger(random, items.length)]!;
  const isStorm = random.next() < 0.4;
  const weather: Weather = {
    peers: given.peers ?? anyOf(1, 3, 3, 3, 3, 4, 5, 5),
    reads: random.next() < 0.3 ? 'lease' : 'index',
    limits: {
      timeoutMs: 3000,
      tickMs: isStorm ? 10 : 50,
      electionTicks: isStorm ? 5 : 8,
      heartbeatTicks: isStorm ? 1 : 2,
      snapshotEntries: anyOf(30, 150, 1000),
      snapshotBytes: anyOf(4000, 50_000, 1_000_000),
      keepEntries: anyOf(0, 20, 200),
      keepBytes: anyOf(1000, 100_000),
      maxAppendBytes: anyOf(1, 200, 4096, 1_000_000),
      maxInflight: anyOf(2, 16, 256),
      maxBatchesInFlight: anyOf(1, 2, 4),
      maxBatchCommands: anyOf(2, 1024),
    },
    network: { drop: upTo(0.08), repeat: upTo(0.1), reorder: upTo(0.2), delayMs: anyOf(5, 50, 500) },
    disk: { crash: upTo(0.003), slow: upTo(0.1), slowMs: isStorm ? anyOf(5, 50) : anyOf(20, 200, 1500) },
    faultEveryMs: isStorm ? anyOf(60, 150, 400) : anyOf(300, 1000, 3000),
    faultMs: isStorm ? anyOf(100, 300) : 4000,
    faults: [
      ['crash', upTo(3)],
      ['crash-leader', upTo(3)],
      ['stop', upTo(1)],
      ['pause', upTo(2)],
      ['partition', upTo(2)],
      ['one-way', upTo(2)],
      ['bridge', upTo(1)],
      ['isolate-leader', upTo(2)],
      ['freeze-leader', upTo(2)],
      ['clock-jump', upTo(1)],
      ['bit-flip', upTo(0.5)],
      ['old-copy', upTo(1)],
      ['transfer', upTo(1)],
      ['membership', upTo(3)],
    ],
    clients: 3 + randomInteger(random, 5),
    thinkMs: anyOf(5, 20, 60),
    controlPlane: given.controlPlane ?? random.next() < 0.2,
    watchLagMs: anyOf(0, 5, 50, 300),
    election: isStorm ? hastyElection : defaultTiming,
  };
  if (weather.controlPlane) weather.faults.push(['freeze-holder', 1 + upTo(3)]);
  return weather;
}
