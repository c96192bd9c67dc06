import { BlockList } from 'node:net';
import { type FieldPath, fieldPath, forbiddenField, invalidValue, required } from '../field-errors.ts';
import { checkPortName, checkPortNumber } from '../names.ts';
import type { networkingv1 } from '../types/index.ts';
import { checkCidr } from './addresses.ts';
import { addEach, type Errors } from './checks.ts';
import { checkLabelSelector } from './placement.ts';
import { kindRules } from './rules.ts';

const spec = fieldPath('spec');

export const networkPolicyRules = kindRules<networkingv1.NetworkPolicy>({
  check({ spec: policy }, errors) {
    if (policy === undefined) return;
    checkLabelSelector(errors, spec.child('podSelector'), policy.podSelector);
    policy.ingress?.forEach(({ ports, from }, index) => {
      checkRule(errors, spec.child('ingress').index(index), ports, from, 'from');
    });
    policy.egress?.forEach(({ ports, to }, index) => {
      checkRule(errors, spec.child('egress').index(index), ports, to, 'to');
    });
    const { policyTypes = [] } = policy;
    if (policyTypes.length > 2) {
      errors.push(invalidValue(spec.child('policyTypes'), policyTypes, 'may not specify more than two policyTypes'));
    }
  },
});

function checkRule(
  errors: Errors,
  path: FieldPath,
  ports: readonly networkingv1.NetworkPolicyPort[] = [],
  peers: readonly networkingv1.NetworkPolicyPeer[] = [],
  peersName: string,
): void {
  for (const [index, port] of ports.entries()) checkPort(errors, path.child('ports').index(index), port);
  for (const [index, peer] of peers.entries()) checkPeer(errors, path.child(peersName).index(index), peer);
}

function checkPort(errors: Errors, path: FieldPath, { port, endPort }: networkingv1.NetworkPolicyPort): void {
  const end = path.child('endPort');
  if (typeof port === 'number') {
    addEach(errors, path.child('port'), port, checkPortNumber(port));
    if (endPort === undefined) return;
    if (endPort < port) errors.push(invalidValue(end, port, 'must be greater than or equal to `port`'));
    addEach(errors, end, endPort, checkPortNumber(endPort));
    return;
  }
  if (endPort !== undefined) {
    const why = port === undefined ? 'not specified' : 'non-numeric';
    errors.push(invalidValue(end, endPort, `may not be specified when \`port\` is ${why}`));
  }
  if (port !== undefined) addEach(errors, path.child('port'), port, checkPortName(port));
}

function checkPeer(errors: Errors, path: FieldPath, peer: networkingv1.NetworkPolicyPeer): void {
  const { podSelector, namespaceSelector, ipBlock } = peer;
  if (podSelector !== undefined) checkLabelSelector(errors, path.child('podSelector'), podSelector);
  if (namespaceSelector !== undefined) checkLabelSelector(errors, path.child('namespaceSelector'), namespaceSelector);
  if (ipBlock !== undefined) checkBlock(errors, path.child('ipBlock'), ipBlock);
  const selects = podSelector !== undefined || namespaceSelector !== undefined;
  if (!selects && ipBlock === undefined) errors.push(required(path, 'must specify a peer'));
  if (selects && ipBlock !== undefined) {
    errors.push(forbiddenField(path, 'may not specify both ipBlock and another peer'));
  }
}

function checkBlock(errors: Errors, path: FieldPath, { cidr, except = [] }: networkingv1.IPBlock): void {
  if (!cidr) return;
  const whole = checkCidr(errors, path.child('cidr'), cidr);
  if (whole === undefined) return;
  const block = new BlockList();
  block.addSubnet(whole.address, whole.prefix, whole.family);
  except.forEach((text, index) => {
    const at = path.child('except').index(index);
    const part = checkCidr(errors, at, text);
    if (part === undefined) return;
    if (!block.check(part.address, part.family) || whole.prefix >= part.prefix) {
      errors.push(invalidValue(at, text, 'must be a strict subset of `cidr`'));
    }
  });
}
