export { checkAnnotationsMatch, checkPodAnnotations } from './annotations.ts';
export { podRules } from './rules.ts';
export { checkPodSpec } from './spec.ts';
export { podWarnings, templateWarnings } from './warnings.ts';
