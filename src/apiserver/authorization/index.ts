export {
  componentRoles,
  defaultClusterRoleBindings,
  defaultClusterRoles,
  defaultRoleBindings,
  defaultRoles,
} from './default-roles/index.ts';
export { denied } from './denied.ts';
export { nodeAuthorizer, nodeOf } from './node.ts';
export { type RbacSource, type Rule, rbacAuthorizer, ruleAllows, rulesFor, rulesOfRole } from './rbac.ts';
export { stateRbacSource } from './state-rbac.ts';
export * from './types.ts';
