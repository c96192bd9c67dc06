/**
 * Node's `http`, for what it exports at run time; types are imported as ever. An `import` of it, or a `require`d default, reads
 * every export once, and among these are lazy ones that load a whole second HTTP client (undici: 3 MiB a process, measured).
 */
export function nodeHttp(): typeof import('node:http') {
  return process.getBuiltinModule('node:http');
}
