import { errors, type KubernetesObject, parseTime, type ResourceType } from '../api/index.ts';
import { type Clock, errorMessage, sleep } from '../base/index.ts';
import { deprecationOf } from './deprecations.ts';
import { sendEncoded, sendList, shapeOf } from './http/objects.ts';
import type { Encoded, StateReader } from './registry/types.ts';
import type { Route } from './server.ts';

export interface ComponentStatusOptions {
  type: ResourceType;
  state: StateReader;
  clock: Clock;
}

const leases = { group: 'coordination.k8s.io', resource: 'leases' };
const STORE_TIMEOUT_MS = 2_000;

/** `componentstatuses`, which nothing stores: how the parts of the control plane are just now, by their old names. */
export function componentStatusRoute({ type, state, clock }: ComponentStatusOptions): Route {
  const checks: Readonly<Record<string, () => Promise<void> | void>> = {
    'controller-manager': () => checkLease('kube-controller-manager'),
    scheduler: () => checkLease('kube-scheduler'),
    'etcd-0': checkStore,
  };

  return async (exchange) => {
    const { info } = exchange;
    if (!info.isResource || info.group !== '' || info.resource !== type.resource || info.subresource !== '')
      return false;
    if (info.verb !== 'get' && info.verb !== 'list') throw errors.methodNotAllowed(type, info.verb);
    const shape = shapeOf(exchange, type, true);
    exchange.warnings.push(deprecationOf(type)!);
    if (info.verb === 'list') {
      const items = await Promise.all(Object.keys(checks).map(statusOf));
      await sendList(exchange, { metadata: {}, items }, type, shape, clock.now());
      return true;
    }
    if (!Object.hasOwn(checks, info.name)) throw errors.notFound(type, info.name);
    await sendEncoded(exchange, 200, await statusOf(info.name), type, shape, clock.now());
    return true;
  };

  async function statusOf(name: string): Promise<Encoded> {
    let health = { status: 'True', message: 'ok' };
    try {
      await checks[name]?.();
    } catch (error) {
      health = { status: 'False', message: errorMessage(error) };
    }
    const object: KubernetesObject = {
      apiVersion: 'v1',
      kind: 'ComponentStatus',
      metadata: { name },
      ...{ conditions: [{ type: 'Healthy', ...health }] },
    };
    return { object, json: () => Buffer.from(JSON.stringify(object)) };
  }

  /** What runs on one peer at a time is well while its lease is renewed. */
  function checkLease(name: string): void {
    const lease = state.lookup(leases, 'kube-system', name)?.object as { spec?: Record<string, unknown> } | undefined;
    const { renewTime, leaseDurationSeconds, holderIdentity } = lease?.spec ?? {};
    if (!holderIdentity) throw new Error('nobody holds its lease');
    const age = clock.now() - (parseTime(String(renewTime)) ?? 0);
    if (age > Number(leaseDurationSeconds) * 1_000) throw new Error(`${holderIdentity} has not renewed its lease`);
  }

  async function checkStore(): Promise<void> {
    const late = new AbortController();
    const timeout = sleep(clock, STORE_TIMEOUT_MS, late.signal).then(() => {
      throw new Error(`no answer in ${STORE_TIMEOUT_MS / 1_000} s`);
    });
    await Promise.race([state.fresh(), timeout]).finally(() => late.abort());
  }
}
