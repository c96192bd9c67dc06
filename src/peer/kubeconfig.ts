import type { MemberConfig } from './config.ts';

/**
 * A kubeconfig for the cluster's administrator, as JSON, which is YAML too. The current context names the port that all peers
 * share, so it works while any of them lives; each peer has a context of its own beside it.
 */
export function kubeconfigOf(
  { members, sharedApiPort }: { members: readonly MemberConfig[]; sharedApiPort: number },
  pem: { ca: string; cert: string; key: string },
): string {
  const servers = [
    { name: 'keelson', server: `https://${members[0]?.host}:${sharedApiPort}` },
    ...members.map(({ id, host, apiPort }) => ({ name: `keelson-peer-${id}`, server: `https://${host}:${apiPort}` })),
  ];
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'keelson',
    clusters: servers.map(({ name, server }) => ({
      name,
      cluster: { server, 'certificate-authority-data': base64(pem.ca) },
    })),
    users: [
      {
        name: 'keelson-admin',
        user: { 'client-certificate-data': base64(pem.cert), 'client-key-data': base64(pem.key) },
      },
    ],
    contexts: servers.map(({ name }) => ({ name, context: { cluster: name, user: 'keelson-admin' } })),
    preferences: {},
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
