import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import test from 'ava';
import { clusterPaths, makePrivateDir, pidFile, removeFile, writeFileAtomic } from '../../src/peer/data-dir.ts';
import { temporaryDir } from './temporary.ts';

const modeOf = (path: string): number => statSync(path).mode & 0o777;

test('paths are absolute and inside the directory', (t) => {
  const dir = temporaryDir(t);
  const paths = clusterPaths(relative('.', dir));
  t.is(paths.root, dir);
  const peer = paths.peer(2);
  t.is(peer.pid, pidFile(peer.dir));
  for (const path of [paths.cluster, paths.kubeconfig, ...Object.values(paths.pki), ...Object.values(peer)])
    t.true(path.startsWith(`${dir}/`), path);
});

test('a private directory is made with its parents, and closed to others when it was there', (t) => {
  const dir = temporaryDir(t);
  makePrivateDir(join(dir, 'a', 'b'));
  t.is(modeOf(join(dir, 'a', 'b')), 0o700);
  mkdirSync(join(dir, 'open'), { mode: 0o755 });
  makePrivateDir(join(dir, 'open'));
  t.is(modeOf(join(dir, 'open')), 0o700);
});

test('a file is replaced whole, is private unless said otherwise, and leaves nothing beside it', (t) => {
  const dir = temporaryDir(t);
  const path = join(dir, 'file');
  writeFileAtomic(path, 'one');
  t.is(modeOf(path), 0o600);
  writeFileAtomic(path, 'two', 0o644);
  t.is(readFileSync(path, 'utf8'), 'two');
  t.is(modeOf(path), 0o644);
  t.deepEqual(readdirSync(dir), ['file']);
  removeFile(path);
  removeFile(path);
  t.deepEqual(readdirSync(dir), []);
});

test('what can not be written is said with its path', (t) => {
  const dir = temporaryDir(t);
  const file = join(dir, 'file');
  writeFileSync(file, '');
  for (const act of [() => makePrivateDir(join(file, 'x')), () => writeFileAtomic(join(file, 'x'), 'y')]) {
    const error = t.throws(act, { code: 'DATA_DIR' });
    t.true(error.message.startsWith(`can't use ${file}/x for data (ENOTDIR`), error.message);
  }
});
