import { isIP } from 'node:net';
import { type FieldPath, forbiddenField, invalidValue, required, tooLong } from '../../field-errors.ts';
import { checkDns1123Label, checkDns1123Subdomain, checkSearchDomain } from '../../names.ts';
import type { v1 } from '../../types/index.ts';
import { addressText } from '../addresses.ts';
import { addEach, type Errors } from '../checks.ts';

const maxServers = 3;
const maxSearches = 32;
const maxSearchLength = 2048;
/** Of a host's name, to Linux. */
const maxHostnameBytes = 64;

export function checkAddress(errors: Errors, path: FieldPath, address: string | undefined): void {
  if (isIP(address ?? '') === 0) errors.push(invalidValue(path, address ?? '', addressText));
}

/** How a pod resolves names. */
export function checkDns(errors: Errors, path: FieldPath, { dnsConfig, dnsPolicy }: v1.PodSpec): void {
  if (dnsPolicy === 'None') {
    if (dnsConfig === undefined) {
      errors.push(required(path, 'must provide `dnsConfig` when `dnsPolicy` is None'));
      return;
    }
    if (!dnsConfig.nameservers?.length) {
      const detail = 'must provide at least one DNS nameserver when `dnsPolicy` is None';
      errors.push(required(path.child('nameservers'), detail));
      return;
    }
  }
  if (dnsConfig !== undefined) checkDnsConfig(errors, path, dnsConfig);
}

function checkDnsConfig(
  errors: Errors,
  path: FieldPath,
  { nameservers = [], searches = [], options = [] }: v1.PodDNSConfig,
): void {
  const servers = path.child('nameservers');
  if (nameservers.length > maxServers) {
    errors.push(invalidValue(servers, nameservers, `must not have more than ${maxServers} nameservers`));
  }
  for (const [index, address] of nameservers.entries()) checkAddress(errors, servers.index(index), address);
  const list = path.child('searches');
  if (searches.length > maxSearches) {
    errors.push(invalidValue(list, searches, `must not have more than ${maxSearches} search paths`));
  }
  if (Buffer.byteLength(searches.join(' ')) > maxSearchLength) {
    const detail = `must not have more than ${maxSearchLength} characters (including spaces) in the search list`;
    errors.push(invalidValue(list, searches, detail));
  }
  for (const [index, search] of searches.entries()) {
    if (search === '.') continue;
    const domain = search.replace(/\.$/, '');
    addEach(errors, list.index(index), domain, checkSearchDomain(domain));
  }
  for (const [index, { name }] of options.entries()) {
    if (!name) errors.push(required(path.child('options').index(index), 'must not be empty'));
  }
}

export function checkHostAliases(errors: Errors, path: FieldPath, aliases: readonly v1.HostAlias[]): void {
  for (const [index, { ip, hostnames = [] }] of aliases.entries()) {
    checkAddress(errors, path.index(index).child('ip'), ip);
    for (const [at, name] of hostnames.entries()) {
      addEach(errors, path.index(index).child('hostnames').index(at), name, checkDns1123Subdomain(name));
    }
  }
}

/** The names of the pod's host, as its containers see it. */
export function checkHostnames(errors: Errors, path: FieldPath, spec: v1.PodSpec): void {
  for (const name of ['hostname', 'subdomain'] as const) {
    const value = spec[name];
    if (value) addEach(errors, path.child(name), value, checkDns1123Label(value));
  }
  const { hostnameOverride: name } = spec;
  if (name === undefined) return;
  const override = path.child('hostnameOverride');
  addEach(errors, override, name, checkDns1123Subdomain(name));
  if (Buffer.byteLength(name) > maxHostnameBytes) errors.push(tooLong(override, maxHostnameBytes));
  if (spec.hostNetwork) errors.push(forbiddenField(override, 'may not be specified when hostNetwork is true'));
  if (spec.setHostnameAsFQDN) {
    errors.push(forbiddenField(override, 'may not be specified when setHostnameAsFQDN is true'));
  }
}
