import {
  compareQuantities,
  errors,
  formatQuantity,
  parseQuantities,
  podResources,
  type Quantities,
  type Quantity,
  type v1,
} from '../../api/index.ts';
import type { StateReader } from '../registry/types.ts';
import { newPodSpec } from './pod-spec.ts';
import type { AdmissionAttributes, AdmissionPlugin } from './types.ts';

type LimitRangeItem = NonNullable<NonNullable<v1.LimitRange['spec']>['limits']>[number];
type ResourceList = Readonly<Record<string, string>>;

const limitRanges = { group: '', resource: 'limitranges' };
const ANNOTATION = 'kubernetes.io/limit-ranger';

/** Gives containers the requests and limits that their namespace's LimitRanges have for them, and holds pods and claims to these. */
export function limitRanger(state: StateReader): AdmissionPlugin {
  const itemsOf = (namespace: string): LimitRangeItem[] =>
    state.all(limitRanges, namespace).flatMap(({ object }) => (object as v1.LimitRange).spec?.limits ?? []);
  return {
    name: 'LimitRanger',
    admit(attributes) {
      const spec = newPodSpec<v1.PodSpec>(attributes);
      const { namespace, object } = attributes;
      if (spec === undefined || namespace === undefined) return;
      const set = itemsOf(namespace)
        .filter(({ type }) => type === 'Container')
        .flatMap((item) => applyDefaults(spec, item));
      if (set.length === 0) return;
      const text = `LimitRanger plugin set: ${set.join('; ')}`;
      object!.metadata.annotations = { ...object!.metadata.annotations, [ANNOTATION]: text };
    },
    validate(attributes) {
      const { namespace, type, name } = attributes;
      if (namespace === undefined || type.group !== '') return;
      const check = checks[type.resource];
      if (check === undefined) return;
      const found = itemsOf(namespace).flatMap((item) => check(attributes, item));
      if (found.length === 0) return;
      throw errors.forbidden(type, name, found.length === 1 ? found[0]! : `[${found.join(', ')}]`);
    },
  };
}

/** Returns what was set, in the words of the annotation. */
function applyDefaults(spec: v1.PodSpec, { default: limits = {}, defaultRequest = {} }: LimitRangeItem): string[] {
  const set: string[] = [];
  const fill = (container: v1.Container, what: string): void => {
    container.resources ??= {};
    const { resources } = container;
    for (const [kind, defaults] of [['requests', defaultRequest] as const, ['limits', limits] as const]) {
      const missing = Object.keys(defaults).filter((name) => resources[kind]?.[name] === undefined);
      if (missing.length === 0) continue;
      const added = Object.fromEntries(missing.map((name) => [name, defaults[name]!]));
      resources[kind] = { ...resources[kind], ...added };
      set.push(`${missing.sort().join(', ')} ${kind.slice(0, -1)} for ${what} ${container.name}`);
    }
  };
  for (const container of spec.containers ?? []) fill(container, 'container');
  for (const container of spec.initContainers ?? []) fill(container, 'init container');
  return set;
}

type Check = (attributes: AdmissionAttributes, item: LimitRangeItem) => string[];

/** What breaks one rule; by resource. */
const checks: Readonly<Record<string, Check>> = {
  pods({ operation, subresource, object }, item) {
    if (operation !== 'CREATE' || subresource !== undefined) return [];
    const spec = (object as unknown as v1.Pod).spec!;
    if (item.type === 'Container') {
      return [...spec.containers, ...(spec.initContainers ?? [])].flatMap(({ resources }) =>
        judge(item, parseQuantities(resources?.requests), parseQuantities(resources?.limits)),
      );
    }
    return item.type === 'Pod' ? judge(item, podResources(spec, 'requests'), podResources(spec, 'limits')) : [];
  },
  persistentvolumeclaims({ operation, subresource, object }, item) {
    if (operation === 'DELETE' || subresource !== undefined || item.type !== 'PersistentVolumeClaim') return [];
    const { spec } = object as unknown as v1.PersistentVolumeClaim;
    const requests = parseQuantities(spec?.resources?.requests);
    return judge({ type: item.type, min: item.min, max: item.max }, requests, requests).map((text) =>
      text.replace('but limit is', 'but request is'),
    );
  },
};

function judge(item: Partial<LimitRangeItem>, requests: Quantities, limits: Quantities): string[] {
  const problems: string[] = [];
  each(item.min, (name, least, shown) => {
    const [request, limit] = [requests.get(name), limits.get(name)];
    const rule = `minimum ${name} usage per ${item.type} is ${shown}`;
    if (request === undefined) problems.push(`${rule}.  No request is specified`);
    else if (compareQuantities(request, least) < 0) problems.push(`${rule}, but request is ${formatQuantity(request)}`);
    else if (limit !== undefined && compareQuantities(limit, least) < 0) {
      problems.push(`${rule}, but limit is ${formatQuantity(limit)}`);
    }
  });
  each(item.max, (name, most, shown) => {
    const [request, limit] = [requests.get(name), limits.get(name)];
    const rule = `maximum ${name} usage per ${item.type} is ${shown}`;
    if (limit === undefined) problems.push(`${rule}.  No limit is specified`);
    else if (compareQuantities(limit, most) > 0) problems.push(`${rule}, but limit is ${formatQuantity(limit)}`);
    else if (request !== undefined && compareQuantities(request, most) > 0) {
      problems.push(`${rule}, but request is ${formatQuantity(request)}`);
    }
  });
  each(item.maxLimitRequestRatio, (name, ratio, shown) => {
    const [request, limit] = [requests.get(name), limits.get(name)];
    const rule = `${name} max limit to request ratio per ${item.type} is ${shown}`;
    if (!request?.nanos) problems.push(`${rule}, but no request is specified or request is 0`);
    else if (!limit?.nanos) problems.push(`${rule}, but no limit is specified or limit is 0`);
    else {
      const found = Number(limit.nanos) / Number(request.nanos);
      if (found > Number(ratio.nanos) / 1e9) problems.push(`${rule}, but provided ratio is ${found.toFixed(6)}`);
    }
  });
  return problems;
}

function each(list: ResourceList | undefined, visit: (name: string, amount: Quantity, shown: string) => void): void {
  for (const [name, amount] of parseQuantities(list)) visit(name, amount, formatQuantity(amount));
}
