export { type CompiledPolicy, compilePolicy } from './compiled.ts';
export { validatingPolicies } from './validating.ts';
