export { type ProxyOptions, proxyRoute, proxyUpgradeRoute } from './route.ts';
