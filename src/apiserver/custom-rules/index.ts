export { checkDefinitionRules } from './definition.ts';
export { checkRules } from './validate.ts';
