import { resolve } from 'node:path';
import test from 'ava';
import { Command } from 'commander';
import { type ApiOptions, addApiOptions, apiConfigOf } from '../../src/cli/api-options.ts';

function parse(...args: string[]): ReturnType<typeof apiConfigOf> {
  const command = addApiOptions(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => {} });
  return apiConfigOf(command.parse(args, { from: 'user' }).opts<ApiOptions>());
}

const provider = ['--oidc-issuer-url', 'https://id.example', '--oidc-client-id', 'keelson'];

test('nothing is said unless it is asked for', (t) => {
  t.is(parse(), undefined);
});

test('a provider is told as to kube-apiserver', (t) => {
  const claims = [
    '--oidc-required-claim',
    'hd=a=b',
    '--oidc-required-claim',
    'x=',
    '--oidc-signing-algs',
    'RS256,ES256',
  ];
  const config = parse(...provider, ...claims, '--oidc-groups-claim', 'roles', '--oidc-ca-file', 'ca.crt');
  t.like(config?.oidc, {
    issuerUrl: 'https://id.example',
    clientId: 'keelson',
    groupsClaim: 'roles',
    requiredClaims: { hd: 'a=b', x: '' },
    signingAlgs: ['RS256', 'ES256'],
    caFile: resolve('ca.crt'),
  });
  t.is(config?.audit, undefined);
});

test('an audit policy is named, the rest has defaults', (t) => {
  t.deepEqual(parse('--audit-policy-file', 'policy.yaml')?.audit, {
    policyFile: resolve('policy.yaml'),
    logFile: 'audit.log',
    maxSizeMegabytes: 100,
    maxBackups: 10,
    maxAgeDays: 0,
  });
});

test('options that make no sense are refused', (t) => {
  const code = 'CONFIG_INVALID';
  t.throws(() => parse('--oidc-client-id', 'x'), { code, message: /belong together: give both/ });
  t.throws(() => parse('--oidc-groups-claim', 'x'), { code, message: /belong together: give both/ });
  t.throws(() => parse('--oidc-issuer-url', 'http://id.example', '--oidc-client-id', 'x'), {
    code,
    message: 'field "api.oidc.issuerUrl" must be a URL that begins with https://',
  });
  t.throws(() => parse(...provider, '--oidc-required-claim', 'x'), { message: /It must be claim=value/ });
});
