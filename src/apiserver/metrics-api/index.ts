export { type MetricsOptions, metricsApiRoute } from './route.ts';
export { metricsTypes } from './types.ts';
