import type { PriorityLevel } from './priority-level.ts';

/** Why a request was turned away, in the words of Kubernetes' metric. */
export type Refusal = 'queue-full' | 'concurrency-limit' | 'time-out' | 'cancelled';

/** Counts what came of requests, under Kubernetes' names. */
export class FlowMetrics {
  readonly #dispatched = new Map<string, number>();
  readonly #rejected = new Map<string, number>();

  dispatched(labels: string): void {
    count(this.#dispatched, labels);
  }

  rejected(labels: string, reason: Refusal): void {
    count(this.#rejected, `${labels},reason="${reason}"`);
  }

  text(levels: readonly PriorityLevel[]): string {
    const gauge = (name: string, value: (level: PriorityLevel) => number): string[] => [
      `# TYPE apiserver_flowcontrol_${name} gauge`,
      ...levels.map((level) => `apiserver_flowcontrol_${name}{priority_level="${level.name}"} ${value(level)}`),
    ];
    const counter = (name: string, values: ReadonlyMap<string, number>): string[] => [
      `# TYPE apiserver_flowcontrol_${name} counter`,
      ...[...values].map(([labels, value]) => `apiserver_flowcontrol_${name}{${labels}} ${value}`),
    ];
    const lines = [
      ...counter('dispatched_requests_total', this.#dispatched),
      ...counter('rejected_requests_total', this.#rejected),
      ...gauge('current_inqueue_requests', ({ waiting }) => waiting),
      ...gauge('current_executing_requests', ({ executing }) => executing),
      ...gauge('current_executing_seats', ({ inUse }) => inUse),
      ...gauge('nominal_limit_seats', ({ nominal }) => nominal),
    ];
    return `${lines.join('\n')}\n`;
  }
}

function count(counts: Map<string, number>, labels: string): void {
  counts.set(labels, (counts.get(labels) ?? 0) + 1);
}

/** Of a flow; made once, not for each request. */
export function labelsOf(schema: string, level: string): string {
  return `flow_schema="${schema}",priority_level="${level}"`;
}
