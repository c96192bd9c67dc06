export { aggregateRules } from './aggregation.ts';
export { describeRules, missingRules, type PolicyRule, quoteList } from './coverage.ts';
