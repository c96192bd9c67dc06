export { defaultClusterRoleBindings, defaultClusterRoles } from './default-roles.ts';
export { denied } from './denied.ts';
export { type RbacSource, type Rule, rbacAuthorizer, ruleAllows, rulesFor } from './rbac.ts';
export * from './types.ts';
