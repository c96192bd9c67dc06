import type { Connection } from './connection.ts';
import { type Kind, Subject } from './subject.ts';
import { checks, type Outcome } from './verbs.ts';

export interface Row {
  kind: Kind;
  /** In the order of `checks`. */
  outcomes: readonly Outcome[];
}

/** Every kind that the cluster serves, tried with every verb. */
export async function tryKinds(connection: Connection): Promise<Row[]> {
  await connection.ask('POST', '/api/v1/namespaces', { body: { metadata: { name: 'matrix' } } });
  const rows: Row[] = [];
  for (const [index, kind] of (await servedKinds(connection)).entries()) {
    const subject = new Subject(connection, kind, 1 + 3 * index);
    const outcomes: Outcome[] = [];
    for (const check of checks)
      outcomes.push(check.applies(kind) ? await outcomeOf(() => check.run(subject)) : undefined);
    rows.push({ kind, outcomes });
  }
  return rows;
}

export async function outcomeOf(run: () => Promise<unknown>): Promise<Outcome> {
  try {
    await run();
    return true;
  } catch (error) {
    return { problem: (error as Error).message };
  }
}

/** In the order of discovery; what is computed and never written (metrics) is none of it. */
async function servedKinds(connection: Connection): Promise<Kind[]> {
  const groups = (await connection.ask('GET', '/apis')).json.groups as { versions: { groupVersion: string }[] }[];
  const versions = ['v1', ...groups.flatMap((group) => group.versions.map(({ groupVersion }) => groupVersion))];
  const kinds: Kind[] = [];
  for (const groupVersion of versions) {
    const path = groupVersion.includes('/') ? `/apis/${groupVersion}` : `/api/${groupVersion}`;
    const { resources } = (await connection.ask('GET', path)).json as { resources: (Kind & { name: string })[] };
    const group = groupVersion.includes('/') ? groupVersion.slice(0, groupVersion.indexOf('/')) : '';
    for (const { name, kind, namespaced, verbs } of resources) {
      if (name.includes('/') || group === 'metrics.k8s.io') continue;
      const subresources = resources
        .filter((other) => other.name.startsWith(`${name}/`))
        .map((other) => other.name.slice(name.length + 1));
      kinds.push({ groupVersion, group, resource: name, kind, namespaced, verbs, subresources });
    }
  }
  return kinds;
}
