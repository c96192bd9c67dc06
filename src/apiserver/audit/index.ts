export { type Auditor, type AuditSink, createAuditor } from './auditor.ts';
export { type AuditPolicy, levels as auditLevels, stages as auditStages } from './policy.ts';
