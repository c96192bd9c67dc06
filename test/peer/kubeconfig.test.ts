import { KubeConfig } from '@kubernetes/client-node';
import test from 'ava';
import { kubeconfigOf } from '../../src/peer/kubeconfig.ts';

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
