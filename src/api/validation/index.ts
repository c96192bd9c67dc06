export { validate, validateUpdate } from './validate.ts';
