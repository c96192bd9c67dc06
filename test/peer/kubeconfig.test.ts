import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import test from 'ava';
import { loadKubeconfig } from '../../src/client/index.ts';
import { kubeconfigOf } from '../../src/peer/kubeconfig.ts';
import { temporaryDir } from './temporary.ts';

const members = [1, 2, 3].map((id) => ({ id, host: '127.0.0.1', apiPort: 6442 + id, peerPort: 7442 + id }));

test('the kubeconfig names the shared port, each peer, and the administrator', (t) => {
  const text = kubeconfigOf({ members, sharedApiPort: 7442 }, { ca: 'CA', cert: 'CERT', key: 'KEY' });
  const config = new KubeConfig();
  config.loadFromString(text);
  t.is(config.getCurrentContext(), 'keelson');
  t.is(config.getCurrentCluster()?.server, 'https://127.0.0.1:7442');
  t.deepEqual(
    config.getContexts().map(({ name }) => name),
    ['keelson', 'keelson-peer-1', 'keelson-peer-2', 'keelson-peer-3'],
  );
  t.is(config.getCluster('keelson-peer-3')?.server, 'https://127.0.0.1:6445');
  const decode = (data: string | undefined): string => Buffer.from(data ?? '', 'base64').toString();
  t.is(decode(config.getCurrentCluster()?.caData), 'CA');
  t.is(decode(config.getCurrentUser()?.certData), 'CERT');
  t.is(decode(config.getCurrentUser()?.keyData), 'KEY');
});

test('our own client finds every address in it, the chosen context’s first', async (t) => {
  const path = join(temporaryDir(t), 'kubeconfig');
  const pem = { ca: 'CA\n', cert: 'CERT\n', key: 'KEY\n' };
  writeFileSync(path, kubeconfigOf({ members, sharedApiPort: 7442 }, pem));
  const servers = [7442, 6443, 6444, 6445].map((port) => `https://127.0.0.1:${port}`);
  t.deepEqual(await loadKubeconfig(path), { ...pem, servers });
  const { servers: others } = await loadKubeconfig(path, 'keelson-peer-2');
  t.is(others[0], servers[2]);
  t.deepEqual(others.toSorted(), servers.toSorted());
});
