import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const src = fileURLToPath(new URL('../src', import.meta.url));

/** Who may import whom; `base` is open to all. */
const allowed: Record<string, readonly string[]> = {
  base: [],
  raft: [],
  replica: ['raft'],
  store: ['replica'],
  etcd: ['store', 'replica'],
  api: [],
  cel: ['api'],
  apiserver: ['store', 'api', 'cel', 'client'],
  client: ['api'],
  controllers: ['client', 'api'],
  scheduler: ['client', 'api'],
  cloud: ['client', 'api'],
  runtime: ['client', 'api'],
  volumes: ['client', 'api'],
  network: ['client', 'api'],
  proxy: ['client', 'api'],
  dns: ['client', 'api'],
  kubelet: ['client', 'api', 'runtime', 'volumes', 'network'],
};
const everything = [...Object.keys(allowed), 'peer'];
allowed['peer'] = Object.keys(allowed);
allowed['simulation'] = everything;
allowed['cli'] = ['peer', 'client', 'simulation'];
allowed['dashboard'] = ['peer', 'client', 'simulation'];

function sources(dir: string): string[] {
  return readdirSync(dir).flatMap((name) => {
    const path = join(dir, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.(ts|js)$/.test(name) ? [path] : [];
  });
}

interface Import {
  file: string;
  target: string;
}

function imports(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const found = text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
  return [...found].map(([, target = '']) => ({
    file: relative(src, file),
    target: relative(src, resolve(dirname(file), target)),
  }));
}

const all = sources(src).flatMap(imports);
const layerOf = (path: string): string => path.split('/')[0] ?? '';

test('every folder of src is a layer with rules', (t) => {
  const folders = readdirSync(src).filter((name) => statSync(join(src, name)).isDirectory());
  t.deepEqual(
    folders.filter((name) => allowed[name] === undefined),
    [],
  );
  t.true(all.length > 100);
});

test('imports only go the way the design says', (t) => {
  const wrong = all.filter(({ file, target }) => {
    const [from, to] = [layerOf(file), layerOf(target)];
    return from !== to && to !== 'base' && !(allowed[from] ?? []).includes(to);
  });
  t.deepEqual(wrong, []);
});

test('others enter a folder only through its index.ts', (t) => {
  const wrong = all.filter(
    ({ file, target }) => layerOf(file) !== layerOf(target) && !/^[^/]+\/index\.ts$/.test(target),
  );
  t.deepEqual(wrong, []);
});

test('apiserver takes only types from client', (t) => {
  const wrong = sources(join(src, 'apiserver')).flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(/import ((?:(?!\bfrom\b)[\s\S])*?) from '(?:\.\.\/)+client\/index\.ts'/g)]
      .filter(
        ([, what = '']) =>
          !what.startsWith('type ') &&
          what
            .replace(/[{}]/g, '')
            .split(',')
            .some((name) => name.trim() !== '' && !name.trim().startsWith('type ')),
      )
      .map(() => relative(src, file)),
  );
  t.deepEqual(wrong, []);
});
