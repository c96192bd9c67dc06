import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RawClient } from './served-peer.ts';

/** Debian's `etcd-server`. */
const BINARY = '/usr/bin/etcd';

export const hasEtcd = existsSync(BINARY);

/** A new etcd of one server, and gRPC to it. */
export async function startEtcd(): Promise<{ raw: RawClient; stop(): Promise<void> }> {
  const directory = mkdtempSync(join(tmpdir(), 'keelson-etcd-'));
  const [client, peer] = [await freePort(), await freePort()];
  const [clientUrl, peerUrl] = [`http://127.0.0.1:${client}`, `http://127.0.0.1:${peer}`];
  const child = spawn(
    BINARY,
    [
      ...['--data-dir', directory, '--log-level', 'error', '--initial-cluster', `default=${peerUrl}`],
      ...['--listen-client-urls', clientUrl, '--advertise-client-urls', clientUrl],
      ...['--listen-peer-urls', peerUrl, '--initial-advertise-peer-urls', peerUrl],
    ],
    { stdio: 'ignore' },
  );
  const raw = new RawClient(`127.0.0.1:${client}`);
  for (;;) {
    const serves = await raw.call('KV.Range', { key: Buffer.from('a') }).then(
      () => true,
      () => false,
    );
    if (serves) break;
    if (child.exitCode !== null) throw new Error(`etcd ended with exit code ${child.exitCode}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    raw,
    async stop() {
      raw.close();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
