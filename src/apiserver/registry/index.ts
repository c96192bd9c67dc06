export { equalJson, freezeJson } from './json.ts';
export { createRegistry, type RegistryOptions, type RunningRegistry } from './registry.ts';
export * from './types.ts';
