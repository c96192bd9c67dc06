import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CreateRaft } from './peer.ts';
import type { Focus } from './run.ts';

/** A bug to plant: in `file` of src/raft, `original` (found exactly once) becomes `replacement`. */
export interface Mutation {
  name: string;
  file: string;
  original: string;
  replacement: string;
  /** The runs that are to find it; any if absent. */
  focus?: Focus;
}

/** The Raft core with a bug planted, in a copy of the source. */
export async function loadMutant(mutation: Mutation): Promise<{ createRaft: CreateRaft } & AsyncDisposable> {
  const source = new URL('../../../src/', import.meta.url);
  const copy = await mkdtemp(join(tmpdir(), 'keelson-raft-mutant-'));
  await writeFile(join(copy, 'package.json'), '{"type":"module"}');
  await cp(new URL('base', source), join(copy, 'base'), { recursive: true });
  await cp(new URL('raft', source), join(copy, 'raft'), { recursive: true });
  const file = join(copy, 'raft', mutation.file);
  const parts = (await readFile(file, 'utf8')).split(mutation.original);
  if (parts.length !== 2) throw new Error(`mutation "${mutation.name}" fits ${parts.length - 1} times`);
  await writeFile(file, parts.join(mutation.replacement));
  const { createRaft } = await import(pathToFileURL(join(copy, 'raft', 'index.ts')).href);
  return { createRaft, [Symbol.asyncDispose]: () => rm(copy, { recursive: true }) };
}
