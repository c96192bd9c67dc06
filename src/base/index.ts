export * from './assert.ts';
export * from './clock.ts';
export * from './errors.ts';
export * from './launcher.ts';
export * from './listen-error.ts';
export * from './logger.ts';
export * from './node-http.ts';
export * from './random.ts';
