import { isDeepStrictEqual } from 'node:util';
import { aggregateRules, type rbacv1, resources } from '../api/index.ts';
import { type Controller, createController, source } from '../client/index.ts';
import type { ControllerContext } from './context.ts';

/** Keeps the rules of every aggregated ClusterRole what the roles that its selectors name say together. */
export function clusterRoleAggregationController(context: ControllerContext): Controller {
  const { client, informers } = context;
  const roles = informers.informer<rbacv1.ClusterRole>(resources.clusterRoles);
  return createController({
    name: 'clusterrole-aggregation',
    clock: context.clock,
    logger: context.logger,
    metrics: context.metrics,
    sources: [
      // Any role may be one that another gathers.
      source(roles, () =>
        roles.list().flatMap(({ metadata, aggregationRule }) => (aggregationRule ? [metadata.name!] : [])),
      ),
    ],
    reconciler: {
      async reconcile(name, signal) {
        const role = roles.get(undefined, name);
        if (role?.aggregationRule === undefined) return undefined;
        const rules = aggregateRules(role, roles.list());
        if (isDeepStrictEqual(JSON.parse(JSON.stringify(role.rules ?? [])), JSON.parse(JSON.stringify(rules)))) {
          return undefined;
        }
        await client.update(resources.clusterRoles, { ...role, rules }, { signal });
        return undefined;
      },
    },
  });
}
