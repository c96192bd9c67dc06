export { ObjectClients } from './clients.ts';
export { LockClients } from './lock-clients.ts';
export { WatchClients } from './watch-clients.ts';
