export { Budget, PER_CALL_LIMIT, PER_REQUEST_LIMIT } from './budget.ts';
export { type CompileOptions, compile, type Program, type Variables, WrongResultError } from './compile.ts';
export { type Bounds, estimateCost } from './cost/estimate.ts';
export { describedType } from './described.ts';
export { CompileError, CostExceededError, EvaluationError } from './errors.ts';
export { fromJson, toJson } from './json.ts';
export {
  type AccessCheck,
  type AccessDecision,
  type AccessQuestion,
  authorizerType,
  authorizerValue,
  resourceCheckType,
  resourceCheckValue,
} from './library/authorizer.ts';
export { MAX_EXPRESSION_SIZE } from './parser.ts';
export { escapeName, type Schema, schemaType } from './schema.ts';
export * as celTypes from './types.ts';
export { formatType, type Type } from './types.ts';
export { MapValue, Optional, type Value } from './values.ts';
