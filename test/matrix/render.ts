import type { Row } from './kinds.ts';
import { checks, type Outcome } from './verbs.ts';

/** The page that says what works, from what was found. */
export function renderPage(rows: readonly Row[], commands: ReadonlyMap<string, Outcome>): string {
  const notes: string[] = [];
  const mark = (outcome: Outcome): string => {
    if (outcome === undefined) return '–';
    if (outcome === true) return '✓';
    notes.push(outcome.problem.replaceAll('\n', ' '));
    return `✗ [${notes.length}]`;
  };
  const kinds = rows.map(kindLine(mark));
  const lines = [...commands].map(([command, outcome]) => `| \`kubectl ${command}\` | ${mark(outcome)} |`);
  const failed =
    notes.length === 0 ? [] : ['', '## What fails', '', ...notes.map((note, index) => `${index + 1}. ${note}`)];
  return [
    '# What works',
    '',
    'Made by `npm run matrix`, which starts a peer and tries all of it; a test makes it again and compares. ✓ works, – is no verb of that',
    'kind in Kubernetes either, ✗ fails, and the end of the page says how.',
    '',
    '## Kinds and verbs',
    '',
    'Every kind that discovery names, over HTTPS. *table* is what `kubectl get` asks for, *protobuf* an object read and (as a dry run) written in',
    'protobuf, *status* and *scale* are read, replaced and patched.',
    '',
    `| | | ${checks.map(({ title }) => title).join(' | ')} |`,
    `| --- | --- |${' :-: |'.repeat(checks.length)}`,
    ...kinds,
    '',
    '## Commands',
    '',
    'Of kubectl v1.35, all that ask a server something; [commands.ts](commands.ts) has the lines that were run. How they behave in detail is in',
    '[test/kubectl](../kubectl), helm in [test/helm](../helm), other clients in [test/e2e](../e2e).',
    '',
    '| | |',
    '| --- | :-: |',
    ...lines,
    ...failed,
    '',
  ].join('\n');
}

/** The line of a kind. */
export const kindLine =
  (mark: (outcome: Outcome) => string) =>
  ({ kind, outcomes }: Row): string =>
    `| ${kind.groupVersion} | ${kind.kind} | ${outcomes.map(mark).join(' | ')} |`;
