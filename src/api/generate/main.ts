/**
 * Writes what is generated from the facts about Kubernetes' API: `node src/api/generate/main.ts --facts FILE`.
 * Run at development time; its output is checked in.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { compactGroup } from './compact.ts';
import { readFacts } from './facts.ts';
import { moduleName, typescriptIndex, typescriptOf } from './typescript.ts';

const { values } = parseArgs({ options: { facts: { type: 'string', default: process.env['KUBERNETES_FACTS'] } } });
if (values.facts === undefined) {
  console.error('give the facts file: --facts FILE, or KUBERNETES_FACTS in the environment');
  process.exit(2);
}
const facts = readFacts(values.facts);
const folder = join(import.meta.dirname, '..');
const header = `// Generated from: ${facts.source}.\n// By: node src/api/generate/main.ts --facts FILE. Do not edit.\n`;

/** Only stable versions get TypeScript types: they are the ones served. */
const stable = Object.keys(facts.groups).filter((group) => /(^|\/)v\d+$/.test(group));

const types = join(folder, 'types');
rmSync(types, { recursive: true, force: true });
mkdirSync(types, { recursive: true });
for (const group of stable) writeFileSync(join(types, `${moduleName(group)}.ts`), typescriptOf(facts, group, header));
writeFileSync(join(types, 'index.ts'), typescriptIndex(stable, header));

const data = join(folder, 'description', 'data');
rmSync(data, { recursive: true, force: true });
mkdirSync(data, { recursive: true });
for (const group of Object.keys(facts.groups)) {
  writeFileSync(join(data, `${group.replaceAll('/', '_')}.json`), compactGroup(facts, group));
}
