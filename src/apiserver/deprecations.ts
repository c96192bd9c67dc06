import { apiVersionOf, type ResourceType } from '../api/index.ts';

/** What Kubernetes warns of, by group version and resource. */
const deprecations: Readonly<Record<string, string>> = {
  'v1/componentstatuses': 'v1 ComponentStatus is deprecated in v1.19+',
  'v1/endpoints': 'v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice',
};

/** The warning that whoever uses this kind gets; kubectl prints it. Undefined: it is not deprecated. */
export function deprecationOf(type: ResourceType): string | undefined {
  return deprecations[`${apiVersionOf(type)}/${type.resource}`];
}
