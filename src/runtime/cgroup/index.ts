export * from './capacity.ts';
export * from './detect.ts';
export * from './types.ts';
