export type { ControlPlaneSoftware } from './control-planes.ts';
export { KubernetesWorkload } from './workload.ts';
