export * from './archive.ts';
export type { HistoryOptions } from './auto-compaction.ts';
export * from './errors.ts';
export * from './keys.ts';
export { createMemoryStore } from './memory-store.ts';
export { createStore, type LocalReader, type LocalStore, type StoreOptions } from './store.ts';
export * from './types.ts';
export * from './wire/index.ts';
