import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = new URL('../../', import.meta.url);

/** A bug to plant: in `file` of src, `original` (found exactly once) becomes `replacement`. */
export interface Planting {
  name: string;
  file: string;
  original: string;
  replacement: string;
}

/** Layers of src with a bug planted, in a copy of the source that lives as long as the result. */
export async function plant(
  { name, file, original, replacement }: Planting,
  layers: readonly string[],
): Promise<{ load<Module>(layer: string): Promise<Module> } & AsyncDisposable> {
  const copy = await mkdtemp(join(tmpdir(), 'keelson-mutant-'));
  await writeFile(join(copy, 'package.json'), '{"type":"module"}');
  await symlink(fileURLToPath(new URL('node_modules', root)), join(copy, 'node_modules'));
  for (const layer of layers) await cp(new URL(`src/${layer}`, root), join(copy, layer), { recursive: true });
  const path = join(copy, file);
  const parts = (await readFile(path, 'utf8')).split(original);
  if (parts.length !== 2) throw new Error(`mutation "${name}" fits ${parts.length - 1} times`);
  await writeFile(path, parts.join(replacement));
  return {
    load: (layer) => import(pathToFileURL(join(copy, layer, 'index.ts')).href),
    [Symbol.asyncDispose]: () => rm(copy, { recursive: true }),
  };
}
