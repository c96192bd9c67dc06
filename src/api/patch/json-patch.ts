import { badRequest, patchRefused, tooManyPatchOperations } from '../errors.ts';
import { clonePlain, equalPlain, getOwn, isPlainObject, type PlainObject, setOwn } from '../plain.ts';

const maxOperations = 10_000;
/** Bytes that all copies of a patch may add; Kubernetes' limit. A few hundred of them could otherwise fill any memory. */
const maxCopyBytes = 3 * 1024 * 1024;
/** As deep as bodies may be: moves can nest, too. */
const maxDepth = 1_000;
const kinds = ['add', 'remove', 'replace', 'move', 'copy', 'test'] as const;

interface Operation {
  op: (typeof kinds)[number];
  path: string;
  from: string;
  value: unknown;
}

/**
 * Applies a JSON patch (RFC 6902) to an object; neither is changed. 400 for what isn't a patch,
 * 422 for one that doesn't fit the object or whose test fails; then nothing of it is applied.
 */
export function applyJsonPatch(current: PlainObject, patch: unknown): PlainObject {
  const operations = readPatch(patch);
  const root: Root = { document: clonePlain(current), copied: 0 };
  for (const operation of operations) apply(root, operation);
  if (!isPlainObject(root.document)) throw patchRefused('the patched document is not an object');
  if (isDeeper(root.document, maxDepth)) throw patchRefused(`the patched document has more than ${maxDepth} levels`);
  return root.document;
}

function readPatch(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) throw badRequest('a JSON patch must be an array of operations');
  if (patch.length > maxOperations) throw tooManyPatchOperations(maxOperations, patch.length);
  return patch.map((item: unknown, index) => {
    if (!isPlainObject(item)) throw badRequest(`operation ${index} of the JSON patch is not an object`);
    const op = kinds.find((kind) => kind === getOwn(item, 'op'));
    if (op === undefined) throw badRequest(`operation ${index} of the JSON patch: unknown op`);
    return {
      op,
      path: pointer(item, 'path', index),
      from: needsFrom(op) ? pointer(item, 'from', index) : '',
      value: getOwn(item, 'value'),
    };
  });
}

function needsFrom(op: string): boolean {
  return op === 'move' || op === 'copy';
}

function pointer(item: PlainObject, name: string, index: number): string {
  const value = getOwn(item, name);
  if (typeof value !== 'string' || (value !== '' && !value.startsWith('/'))) {
    throw badRequest(`operation ${index} of the JSON patch: ${name} must be a JSON pointer`);
  }
  return value;
}

interface Root {
  document: unknown;
  /** Bytes that were copied so far. */
  copied: number;
}

function apply(root: Root, { op, path, from, value }: Operation): void {
  switch (op) {
    case 'add':
      add(root, path, clonePlain(value ?? null));
      return;
    case 'remove':
      remove(root, path, op);
      return;
    case 'replace':
      find(root, path, op);
      if (path === '') root.document = clonePlain(value ?? null);
      else put(root, path, clonePlain(value ?? null));
      return;
    case 'move': {
      if (path.startsWith(`${from}/`)) throw patchRefused(`move operation: ${path} lies within ${from}`);
      const moved = find(root, from, op);
      if (path === from) return;
      remove(root, from, op);
      add(root, path, moved);
      return;
    }
    case 'copy': {
      const original = find(root, from, op);
      root.copied += sizeUpTo(original, maxCopyBytes - root.copied);
      if (root.copied > maxCopyBytes) throw copyTooLarge(root.copied);
      add(root, path, clonePlain(original));
      return;
    }
    case 'test': {
      const actual = lookUp(root, path);
      if (!equalPlain(actual ?? null, value ?? null)) throw patchRefused(`testing value ${path} failed: test failed`);
    }
  }
}

function add(root: Root, path: string, value: unknown): void {
  if (path === '') {
    root.document = value;
    return;
  }
  const { parent, key } = parentOf(root, path, 'add');
  if (Array.isArray(parent)) parent.splice(key === '-' ? parent.length : indexOf(key, parent.length, path), 0, value);
  else setOwn(parent, key, value);
}

/** Sets what is known to be there. */
function put(root: Root, path: string, value: unknown): void {
  const { parent, key } = parentOf(root, path, 'replace');
  if (Array.isArray(parent)) parent[Number(key)] = value;
  else setOwn(parent, key, value);
}

function remove(root: Root, path: string, op: string): void {
  find(root, path, op);
  if (path === '') throw patchRefused(`${op} operation: the whole document can't be removed`);
  const { parent, key } = parentOf(root, path, op);
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

function find(root: Root, path: string, op: string): unknown {
  const found = lookUp(root, path);
  if (found === undefined) throw missing(op, path);
  return found;
}

function lookUp(root: Root, path: string): unknown {
  let value = root.document;
  for (const key of keysOf(path)) {
    if (Array.isArray(value)) value = /^(0|[1-9]\d*)$/.test(key) ? value[Number(key)] : undefined;
    else if (isPlainObject(value)) value = getOwn(value, key);
    else return undefined;
  }
  return value;
}

function parentOf(root: Root, path: string, op: string): { parent: PlainObject | unknown[]; key: string } {
  const end = path.lastIndexOf('/');
  const parent = lookUp(root, path.slice(0, end));
  if (!Array.isArray(parent) && !isPlainObject(parent)) throw missing(op, path);
  return { parent, key: unescapeKey(path.slice(end + 1)) };
}

function keysOf(path: string): string[] {
  return path === '' ? [] : path.slice(1).split('/').map(unescapeKey);
}

function unescapeKey(key: string): string {
  return key.replaceAll('~1', '/').replaceAll('~0', '~');
}

function indexOf(key: string, length: number, path: string): number {
  const index = /^(0|[1-9]\d*)$/.test(key) ? Number(key) : Number.NaN;
  if (!(index <= length)) throw patchRefused(`add operation does not apply: ${path}: invalid index referenced`);
  return index;
}

/** About as many bytes as a value has in JSON; counted no further than what is known to be too many. */
function sizeUpTo(value: unknown, limit: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 4;
  let size = 2;
  for (const [key, item] of Object.entries(value)) {
    size += key.length + 4 + sizeUpTo(item, limit - size);
    if (size > limit) break;
  }
  return size;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((item) => isDeeper(item, levels - 1));
}

function copyTooLarge(size: number): Error {
  return patchRefused(
    `Unable to complete the copy, the accumulated size increase of copy is ${size}, exceeding the limit ${maxCopyBytes}`,
  );
}

function missing(op: string, path: string): Error {
  return patchRefused(`${op} operation does not apply: doc is missing path: ${JSON.stringify(path)}: missing value`);
}
