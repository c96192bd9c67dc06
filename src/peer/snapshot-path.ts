/** Where a peer hands out its store's state as a file; see snapshot-route.ts. */
export const SNAPSHOT_PATH = '/keelson/snapshot';
