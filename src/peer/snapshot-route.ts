import { errors } from '../api/index.ts';
import { drained, type Route } from '../apiserver/index.ts';
import { type LocalStore, writeArchive } from '../store/index.ts';
import { SNAPSHOT_PATH } from './snapshot-path.ts';

const MASTERS = 'system:masters';

/** `GET /keelson/snapshot`: the store's state, with every write that was acknowledged before, as a file. For the cluster's administrators only. */
export function snapshotRoute(store: LocalStore): Route {
  return async ({ info, user, response }) => {
    if (info.path !== SNAPSHOT_PATH) return false;
    if (!user.groups.includes(MASTERS)) {
      throw errors.forbidden({ group: '', resource: '' }, '', `snapshots are for the group ${MASTERS}`);
    }
    await store.readBarrier();
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    for await (const bytes of writeArchive(store.local.snapshot())) {
      if (response.destroyed) break;
      if (!response.write(bytes)) await drained(response);
    }
    response.end();
    return true;
  };
}
