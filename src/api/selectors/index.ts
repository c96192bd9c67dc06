export * from './field-selector.ts';
export { everything, type LabelOperator, type LabelRequirement, LabelSelector, nothing } from './label-selector.ts';
export * from './parse-label-selector.ts';
export { BoundFieldSelector, bindFieldSelector, selectableFields } from './selectable-fields.ts';
export * from './selector-from-object.ts';
