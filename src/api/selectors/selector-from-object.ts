import { badRequest } from '../errors.ts';
import { quote } from '../text.ts';
import {
  checkRequirement,
  everything,
  type LabelOperator,
  type LabelRequirement,
  LabelSelector,
  type Labels,
  nothing,
  requirementErrorText,
} from './label-selector.ts';

/** The selector that objects carry: `spec.selector` of a Deployment, pod affinity terms, … */
export interface LabelSelectorObject {
  matchLabels?: Labels;
  matchExpressions?: readonly { key: string; operator: string; values?: readonly string[] }[];
}

const operators: Readonly<Record<string, LabelOperator>> = {
  In: 'in',
  NotIn: 'notin',
  Exists: 'exists',
  DoesNotExist: '!',
};

/** None selects nothing, an empty one everything. 400 for what isn't a selector. */
export function selectorFromObject(selector: LabelSelectorObject | null | undefined): LabelSelector {
  if (!selector) return nothing;
  const requirements: LabelRequirement[] = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => ({
    key,
    operator: '=',
    values: [value],
  }));
  for (const { key, operator, values = [] } of selector.matchExpressions ?? []) {
    const known = operators[operator];
    if (known === undefined) throw badRequest(`${quote(operator)} is not a valid label selector operator`);
    requirements.push({ key, operator: known, values });
  }
  if (requirements.length === 0) return everything;
  for (const requirement of requirements) {
    const errors = checkRequirement(requirement);
    if (errors.length > 0) throw badRequest(requirementErrorText(errors));
  }
  return new LabelSelector(requirements);
}

/** The selector of a plain map of labels, as Services have it; none or an empty one selects everything. */
export function selectorFromLabels(labels: Labels | null | undefined): LabelSelector {
  return new LabelSelector(
    Object.entries(labels ?? {}).map(([key, value]) => ({ key, operator: '=', values: [value] })),
  );
}
