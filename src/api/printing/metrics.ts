import type { KubernetesObject } from '../object.ts';
import { addQuantities, formatQuantity, parseQuantity, zeroQuantity } from '../quantity.ts';
import { column, nameColumn, nameOf, type Printer, printer } from './printer.ts';
import type { Column } from './table.ts';

/** What is used of each resource: amounts. */
type Usage = Readonly<Record<'cpu' | 'memory', string>>;

interface Measured extends KubernetesObject {
  /** A duration. */
  window: string;
}
type NodeMetrics = Measured & { usage: Usage };
type PodMetrics = Measured & { containers: readonly { usage: Usage }[] };

const amount = (name: string, description: string): Column => ({ ...column(name, description), format: 'quantity' });
const columns = [
  nameColumn,
  amount('cpu', 'Cores used, on average over the window.'),
  amount('memory', 'Bytes in use.'),
  { ...column('Window', 'How long it was measured.'), format: 'duration' },
];

/** Printers of what nodes and pods use, as metrics-server prints it. */
export const metricsPrinters: Readonly<Record<string, Printer>> = {
  'NodeMetrics.metrics.k8s.io': printer<NodeMetrics>(columns, (node) => cells(node, [node.usage])),
  'PodMetrics.metrics.k8s.io': printer<PodMetrics>(columns, (pod) =>
    cells(
      pod,
      pod.containers.map(({ usage }) => usage),
    ),
  ),
};

function cells(object: Measured, usages: readonly Usage[]): unknown[] {
  const total = (resource: keyof Usage): string =>
    formatQuantity(usages.map((usage) => parseQuantity(usage[resource])).reduce(addQuantities, zeroQuantity));
  return [nameOf(object), total('cpu'), total('memory'), object.window];
}
