export * from './check.ts';
export * from './collections.ts';
export * from './history.ts';
export type { Model } from './model.ts';
export * from './register.ts';
