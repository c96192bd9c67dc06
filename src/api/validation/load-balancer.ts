import { type FieldPath, forbiddenField, invalidValue, notSupported, required } from '../field-errors.ts';
import { checkDns1123Subdomain } from '../names.ts';
import type { v1 } from '../types/index.ts';
import { checkIp, ipVersion } from './addresses.ts';
import { addEach, type Errors } from './checks.ts';

const modes = ['Proxy', 'VIP'];

/** Where a balancer is reached; `withModes` if its addresses say how they hand traffic on. */
export function checkLoadBalancerStatus(
  errors: Errors,
  path: FieldPath,
  status: v1.LoadBalancerStatus = {},
  withModes = true,
): void {
  status.ingress?.forEach(({ ip, hostname, ipMode }, index) => {
    const item = path.child('ingress').index(index);
    if (ip) checkIp(errors, item.child('ip'), ip);
    if (withModes) {
      const at = item.child('ipMode');
      if (ipMode === undefined && ip) errors.push(required(at, 'must be specified when `ip` is set'));
      else if (ipMode !== undefined && !ip) {
        errors.push(forbiddenField(at, 'may not be specified when `ip` is not set'));
      } else if (ipMode !== undefined && !modes.includes(ipMode)) errors.push(notSupported(at, ipMode, modes));
    }
    if (!hostname) return;
    const at = item.child('hostname');
    addEach(errors, at, hostname, checkDns1123Subdomain(hostname));
    if (ipVersion(hostname) !== 0) errors.push(invalidValue(at, hostname, 'must be a DNS name, not an IP address'));
  });
}
