import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { type MadeRequest, makeCertificateRequest } from '../support/certificate-request.ts';
import { clusterUser } from './support/user.ts';

const user = clusterUser(test);

const csr = (name: string, { request }: MadeRequest, spec: object) =>
  JSON.stringify({
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name },
    spec: { request, ...spec },
  });
const client = { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'] };
const issued = (name: string) =>
  user.sh(`kubectl wait csr/${name} --for=jsonpath='{.status.certificate}' --timeout=30s`);
const certificate = async (name: string) => {
  const pem = await user.sh(`kubectl get csr ${name} -o jsonpath='{.status.certificate}' | base64 -d`);
  return { pem, parsed: new X509Certificate(pem) };
};

test('who is approved gets a certificate, and is whom it names', async (t) => {
  const made = await makeCertificateRequest({ commonName: 'anna', organizations: ['devs', 'ops'] });
  await user.sh('kubectl create -f -', csr('anna', made, { ...client, expirationSeconds: 3600 }));
  t.regex(
    await user.sh('kubectl get csr anna'),
    /anna +\d+s +kubernetes.io\/kube-apiserver-client +kubernetes-admin +60m +Pending/,
  );
  t.is(
    await user.sh('kubectl certificate approve anna'),
    'certificatesigningrequest.certificates.k8s.io/anna approved\n',
  );
  await issued('anna');
  t.regex(await user.sh('kubectl get csr anna'), /Approved,Issued/);
  const { pem, parsed } = await certificate('anna');
  t.true(Date.parse(parsed.validTo) - Date.now() <= 3_600_000);
  const file = (name: string, content: string): string => {
    const path = join(user.cluster.dataDir, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const as = `--client-certificate=${file('anna.crt', pem)} --client-key=${file('anna.key', made.key)}`;
  const anna = `kubectl --kubeconfig=/dev/null --server=${user.cluster.servers[2]} --certificate-authority=${user.cluster.dataDir}/pki/ca.crt ${as}`;
  const { status } = JSON.parse(await user.sh(`${anna} auth whoami -o json`));
  t.is(status.userInfo.username, 'anna');
  t.deepEqual([...status.userInfo.groups].sort(), ['devs', 'ops', 'system:authenticated']);
  t.regex(await user.fails(`${anna} get pods`), /User "anna" cannot list resource "pods"/);
});

test('who is denied gets none', async (t) => {
  const made = await makeCertificateRequest({ commonName: 'otto' });
  await user.sh('kubectl create -f -', csr('otto', made, client));
  await user.sh('kubectl certificate deny otto');
  t.regex(await user.sh('kubectl get csr otto'), /Denied/);
  t.regex(await user.fails('kubectl certificate approve otto'), /is already Denied/);
});

test('a node’s own request is approved without a person; what it serves with, by one', async (t) => {
  const organizations = ['system:nodes'];
  const commonName = 'system:node:new';
  const as = '--as=system:node:new --as-group=system:nodes';
  await user.sh(
    'kubectl create clusterrolebinding nodes-renew --clusterrole=system:certificates.k8s.io:certificatesigningrequests:selfnodeclient --group=system:nodes',
  );
  const own = await makeCertificateRequest({ commonName, organizations });
  const spec = {
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    usages: ['client auth', 'digital signature'],
  };
  await user.sh(`kubectl create ${as} -f -`, csr('node-client', own, spec));
  await issued('node-client');
  t.regex((await certificate('node-client')).parsed.subject, /CN=system:node:new/);

  const names = [
    { type: 'dns' as const, value: 'new.local' },
    { type: 'ip' as const, value: '10.0.0.9' },
  ];
  const serving = await makeCertificateRequest({ commonName, organizations, names });
  const serves = { signerName: 'kubernetes.io/kubelet-serving', usages: ['server auth', 'digital signature'] };
  await user.sh(`kubectl create ${as} -f -`, csr('node-serving', serving, serves));
  await user.sh('kubectl certificate approve node-serving');
  await issued('node-serving');
  const { parsed } = await certificate('node-serving');
  t.is(parsed.subjectAltName, 'DNS:new.local, IP Address:10.0.0.9');
  t.deepEqual(parsed.keyUsage, ['1.3.6.1.5.5.7.3.1']);
});

test('what a signer does not sign is told', async (t) => {
  const made = await makeCertificateRequest({ commonName: 'system:node:x', organizations: ['devs'] });
  const spec = {
    signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
    usages: ['client auth', 'digital signature'],
  };
  await user.sh('kubectl create -f -', csr('not-a-node', made, spec));
  await user.sh('kubectl certificate approve not-a-node');
  await user.sh('kubectl wait csr/not-a-node --for=condition=Failed --timeout=30s');
  t.is(
    await user.sh(`kubectl get csr not-a-node -o jsonpath='{.status.conditions[?(@.type=="Failed")].message}'`),
    'subject organization is not system:nodes',
  );
});
