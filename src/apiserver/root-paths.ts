import type { Scheme } from '../api/index.ts';
import type { HealthCheck } from './health.ts';
import { sendJson } from './http/respond.ts';
import type { Route } from './server.ts';

const always = ['/api', '/apis', '/metrics', '/openapi/v2', '/openapi/v3', '/version'];
const health = ['/healthz', '/livez', '/readyz'];
const issuer = ['/.well-known/openid-configuration', '/openid/v1/jwks'];

/** `/`: the paths that are served, for who looks around (`kubectl get --raw /`). */
export function rootPathsRoute(scheme: Scheme, checks: readonly HealthCheck[], hasIssuer: boolean): Route {
  return async (exchange) => {
    const { path, verb } = exchange.info;
    if (verb !== 'get' || (path !== '/' && path !== '/index.html')) return false;
    const versions = scheme.types.flatMap(({ group, version }) =>
      group === '' ? [`/api/${version}`] : [`/apis/${group}`, `/apis/${group}/${version}`],
    );
    const endpoints = health.flatMap((endpoint) => [
      endpoint,
      ...checks.filter(({ live }) => live || endpoint !== '/livez').map(({ name }) => `${endpoint}/${name}`),
    ]);
    const paths = new Set([...always, ...versions, ...endpoints, ...(hasIssuer ? issuer : [])]);
    await sendJson(exchange, 200, { paths: [...paths].sort() });
    return true;
  };
}
