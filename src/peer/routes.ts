import { WebSocketServer } from 'ws';
import { errors } from '../api/index.ts';
import { type Route, sendJson, type UpgradeRoute } from '../apiserver/index.ts';
import type { Kubelet } from '../kubelet/index.ts';
import { defaultWireLimits, STORE_PATH, STORE_PROTOCOL, type Store, serveStore } from '../store/index.ts';
import type { Node } from './node.ts';
import { type PeerStatus, STATUS_PATH } from './status.ts';

/** `GET /keelson/status`. */
export function statusRoute(status: () => PeerStatus): Route {
  return async (exchange) => {
    if (exchange.info.path !== STATUS_PATH) return false;
    await sendJson(exchange, 200, status());
    return true;
  };
}

/** The replicated store over a WebSocket: `keelson kv`, and programs that use the store by itself. */
export function storeRoute(store: Store): UpgradeRoute {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: defaultWireLimits.maxFrameBytes,
    handleProtocols: (offered) => (offered.has(STORE_PROTOCOL) ? STORE_PROTOCOL : false),
  });
  return (exchange, socket, head) => {
    if (exchange.info.path !== STORE_PATH) return false;
    server.handleUpgrade(exchange.request, socket, head, (webSocket) => serveStore(webSocket, store));
    return true;
  };
}

/** Paths that belong to the kubelet of this node. */
const KUBELET_PATHS = /^\/(containerLogs|pods|stats)(\/|$)/;
const KUBELET_UPGRADES = /^\/(exec|attach|portForward|dial)\//;

/** The kubelet's endpoints on the peer's own port: one port a peer is enough. */
export function kubeletRoute(node: () => Node | undefined): Route {
  return ({ info, request, response }) => {
    if (!KUBELET_PATHS.test(info.path)) return false;
    kubeletOf(node).handler(request, response);
    return true;
  };
}

/** The same for those that switch protocols. */
export function kubeletUpgradeRoute(node: () => Node | undefined): UpgradeRoute {
  return ({ info, request }, socket, head) => {
    if (!KUBELET_UPGRADES.test(info.path)) return false;
    kubeletOf(node).upgrade(request, socket, head);
    return true;
  };
}

function kubeletOf(node: () => Node | undefined): Pick<Kubelet, 'handler' | 'upgrade'> {
  const kubelet = node()?.kubelet();
  if (kubelet === undefined) throw errors.serviceUnavailable('the node is still starting');
  return kubelet;
}
