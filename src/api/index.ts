export * from './object.ts';
export * from './resource.ts';
export * from './status.ts';
export * from './well-known.ts';
