import { fieldPath, invalidValue, required } from '../field-errors.ts';
import { checkDns1123Subdomain, checkPathSegment } from '../names.ts';
import type { networkingv1 } from '../types/index.ts';
import { checkCidr, parseCidr } from './addresses.ts';
import { addEach, checkImmutable } from './checks.ts';
import { type KindRules, kindRules } from './rules.ts';

const spec = fieldPath('spec');

/** Rules of what the addresses of Services are taken from, by kind and group. */
export const serviceNetworkRules: Readonly<Record<string, KindRules>> = {
  'IPAddress.networking.k8s.io': kindRules<networkingv1.IPAddress>({
    check({ spec: address }, errors) {
      const parent = address?.parentRef;
      const path = spec.child('parentRef');
      if (parent === undefined) {
        if (address === undefined) errors.push(required(path));
        return;
      }
      const { group, resource, name, namespace } = parent;
      if (group) addEach(errors, path.child('group'), group, checkDns1123Subdomain(group));
      for (const [field, value] of Object.entries({ resource, name, namespace })) {
        if (value) addEach(errors, path.child(field), value, checkPathSegment(value));
      }
    },
    checkUpdate({ spec: address }, { spec: old }, errors) {
      checkImmutable(errors, spec.child('parentRef'), address?.parentRef ?? null, old?.parentRef ?? null);
    },
  }),
  'ServiceCIDR.networking.k8s.io': kindRules<networkingv1.ServiceCIDR>({
    checkCreate({ spec: ranges }, errors) {
      const path = spec.child('cidrs');
      const cidrs = ranges?.cidrs ?? [];
      const whole = { CIDRs: cidrs };
      if (cidrs.length === 0) errors.push(required(path, 'at least one CIDR required'));
      else if (cidrs.length > 2) errors.push(invalidValue(path, whole, 'may only hold up to 2 values'));
      else if (cidrs.length === 2 && new Set(cidrs.map((text) => parseCidr(text)?.family ?? '')).size < 2) {
        const detail = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
        errors.push(invalidValue(path, whole, detail));
      } else for (const [index, cidr] of cidrs.entries()) checkCidr(errors, path.index(index), cidr);
    },
    checkUpdate({ spec: ranges }, { spec: old }, errors) {
      checkImmutable(errors, spec.child('cidrs'), ranges?.cidrs ?? [], old?.cidrs ?? []);
    },
  }),
};
