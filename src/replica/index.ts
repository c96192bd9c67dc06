export * from './storage.ts';
export * from './transport.ts';
export * from './types.ts';
