export { type CompiledPolicy, compilePolicy } from './compiled.ts';
export { checkPolicyTypes } from './type-checking.ts';
export { validatingPolicies } from './validating.ts';
