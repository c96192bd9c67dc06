export { validate, validateUpdate } from './validate.ts';
export { warningsOf } from './warnings.ts';
