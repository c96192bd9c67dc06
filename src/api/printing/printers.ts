import type { KubernetesObject } from '../object.ts';
import { accessPrinters } from './access.ts';
import { clusterPrinters } from './cluster.ts';
import { metricsPrinters } from './metrics.ts';
import { networkPrinters } from './network.ts';
import { podPrinter } from './pod.ts';
import { column, nameColumn, nameOf, type Printer, printer } from './printer.ts';
import { storagePrinters } from './storage.ts';
import { workloadPrinters } from './workloads.ts';

/** Printers by kind, and group unless it is core: `Pod`, `Deployment.apps`. */
export const printers: Readonly<Record<string, Printer | undefined>> = {
  Pod: podPrinter,
  ...workloadPrinters,
  ...clusterPrinters,
  ...networkPrinters,
  ...storagePrinters,
  ...accessPrinters,
  ...metricsPrinters,
};

/** What kinds without a printer of their own get. */
export const fallbackPrinter: Printer = printer<KubernetesObject>(
  [nameColumn, column('Created At', 'When the object was created.', 'date')],
  (object) => [nameOf(object), object.metadata.creationTimestamp ?? null],
);
