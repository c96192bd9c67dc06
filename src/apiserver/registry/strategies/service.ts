import {
  type ApiError,
  errors,
  type FieldPath,
  fieldPath,
  invalidValue,
  type UnstructuredObject,
} from '../../../api/index.ts';
import type { Operation } from '../../../store/index.ts';
import type { Allocator } from '../allocators.ts';
import type { Guard } from '../types.ts';
import { dropUnused, type ServiceSpec, usesNodePorts } from './service-type.ts';
import type { Strategy, StrategyServices } from './strategy.ts';

const services = { group: '', resource: 'services' };
const specOf = (object: UnstructuredObject | undefined): ServiceSpec => (object?.['spec'] ?? {}) as ServiceSpec;

/** A Service owns its cluster address and node ports: they are claimed and released in the transactions that write it. */
export const serviceStrategy: Strategy = {
  createsOnUpdate: true,
  returnsDeleted: true,

  prepareForCreate(object) {
    object['status'] = { loadBalancer: {} };
  },

  prepareForUpdate(object, old) {
    const spec = specOf(object);
    const before = specOf(old);
    keepAddress(spec, before);
    keepNodePorts(spec, before);
    dropUnused(spec, before);
  },

  accompany(next, old, context) {
    const claims = new Claims(context, next ?? old!);
    const before = specOf(old);
    const after = next && specOf(next);
    if (after !== undefined) settleAddress(after, before, claims);
    if (after !== undefined) settleNodePorts(after, before, claims);
    claims.releaseAll(addressesOf(before), after ? addressesOf(after) : [], context.allocators.clusterIps);
    claims.releaseAll(nodePortsOf(before), after ? nodePortsOf(after) : [], context.allocators.nodePorts);
    return { guards: claims.guards, operations: claims.operations };
  },
};

/** Gathers what one write claims and releases. */
class Claims {
  readonly guards: Guard[] = [];
  readonly operations: Operation[] = [];
  readonly #context: StrategyServices;
  readonly #service: UnstructuredObject;

  constructor(context: StrategyServices, service: UnstructuredObject) {
    this.#context = context;
    this.#service = service;
  }

  get context(): StrategyServices {
    return this.#context;
  }

  /** Claims the value that was asked for. */
  take(allocator: Allocator, value: string, taken: () => ApiError): void {
    this.#add(allocator.claim(value, this.#owner, taken));
  }

  /** Claims any free value but `except`. */
  takeAny(allocator: Allocator, valuesOf: (spec: ServiceSpec) => string[], except: readonly string[] = []): string {
    const inUse = new Set(except);
    for (const { object } of this.#context.state.all(services)) {
      for (const value of valuesOf(specOf(object))) inUse.add(value);
    }
    const value = allocator.pick(inUse);
    if (value === undefined)
      throw errors.internalError(`failed to allocate from ${allocator.range.text}: range is full`);
    this.#add(allocator.claim(value, this.#owner));
    return value;
  }

  releaseAll(before: readonly string[], after: readonly string[], allocator: Allocator): void {
    for (const value of before) {
      if (!after.includes(value) && allocator.range.offsetOf(value) !== undefined)
        this.operations.push(allocator.release(value));
    }
  }

  invalid(path: FieldPath, value: unknown, detail: string): ApiError {
    return errors.invalid({ group: '', kind: 'Service' }, this.#service.metadata.name ?? '', [
      invalidValue(path, value, detail),
    ]);
  }

  get #owner(): string {
    return `${this.#service.metadata.namespace}/${this.#service.metadata.name}`;
  }

  #add({ guard, operation }: { guard: Guard; operation: Operation }): void {
    this.guards.push(guard);
    this.operations.push(operation);
  }
}

function settleAddress(spec: ServiceSpec, before: ServiceSpec, claims: Claims): void {
  if (spec.type === 'ExternalName') return;
  const { clusterIps } = claims.context.allocators;
  const wanted = spec.clusterIP ?? spec.clusterIPs?.[0];
  if (!wanted) spec.clusterIP = claims.takeAny(clusterIps, addressesOf);
  else spec.clusterIP = wanted;
  spec.clusterIPs ??= [spec.clusterIP];
  spec['ipFamilies'] ??= ['IPv4'];
  spec['ipFamilyPolicy'] ??= 'SingleStack';
  // Another address than the one it has is refused by validation.
  if (!wanted || wanted === 'None' || addressesOf(before).length > 0) return;
  const fail = (detail: string): ApiError =>
    claims.invalid(fieldPath('spec', 'clusterIPs'), spec.clusterIPs, `failed to allocate IP ${wanted}: ${detail}`);
  if (clusterIps.range.offsetOf(wanted) === undefined) {
    const { text } = clusterIps.range;
    throw fail(`the provided IP (${wanted}) is not in the valid range. The range of valid IPs is ${text}`);
  }
  claims.take(clusterIps, wanted, () => fail('provided IP is already allocated'));
}

function settleNodePorts(spec: ServiceSpec, before: ServiceSpec, claims: Claims): void {
  if (!usesNodePorts(spec)) return;
  const { nodePorts } = claims.context.allocators;
  const held = new Set(nodePortsOf(before));
  spec.ports?.forEach((port, index) => {
    if (!port.nodePort) return;
    const value = String(port.nodePort);
    // Two protocols may share a number within one Service.
    if (held.has(value)) return;
    held.add(value);
    const fail = (detail: string): ApiError =>
      claims.invalid(fieldPath('spec', 'ports').index(index).child('nodePort'), port.nodePort, detail);
    if (nodePorts.range.offsetOf(value) === undefined) {
      throw fail(`provided port is not in the valid range. The range of valid ports is ${nodePorts.range.text}`);
    }
    claims.take(nodePorts, value, () => fail('provided port is already allocated'));
  });
  for (const port of spec.ports ?? []) {
    if (port.nodePort) continue;
    const value = claims.takeAny(nodePorts, nodePortsOf, [...held]);
    held.add(value);
    port.nodePort = Number(value);
  }
}

/** Who replaces a Service without naming what was allocated keeps it; who changes one of the two fields means both. */
function keepAddress(spec: ServiceSpec, before: ServiceSpec): void {
  if (spec.type === 'ExternalName' || before.type === 'ExternalName') return;
  const [first, ...others] = spec.clusterIPs ?? [];
  if (spec.clusterIP && spec.clusterIP !== before.clusterIP && first === before.clusterIPs?.[0])
    spec.clusterIPs = [spec.clusterIP, ...others];
  if (!spec.clusterIP && !spec.clusterIPs?.length) {
    if (before.clusterIP) spec.clusterIP = before.clusterIP;
    if (before.clusterIPs) spec.clusterIPs = [...before.clusterIPs];
  }
  for (const field of ['ipFamilies', 'ipFamilyPolicy']) {
    if (spec[field] === undefined && before[field] !== undefined) spec[field] = before[field];
  }
}

function keepNodePorts(spec: ServiceSpec, before: ServiceSpec): void {
  if (!usesNodePorts(spec) || !usesNodePorts(before)) return;
  const taken = new Set(nodePortsOf(spec));
  for (const port of spec.ports ?? []) {
    if (port.nodePort) continue;
    const same = before.ports?.find((other) => other.port === port.port && other.protocol === port.protocol);
    if (same?.nodePort && !taken.has(String(same.nodePort))) port.nodePort = same.nodePort;
  }
}

function addressesOf({ type, clusterIP }: ServiceSpec): string[] {
  return type !== 'ExternalName' && clusterIP && clusterIP !== 'None' ? [clusterIP] : [];
}

function nodePortsOf({ ports = [] }: ServiceSpec): string[] {
  return [...new Set(ports.flatMap(({ nodePort }) => (nodePort ? [String(nodePort)] : [])))];
}
