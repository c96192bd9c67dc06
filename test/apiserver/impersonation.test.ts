import type { IncomingMessage } from 'node:http';
import test from 'ava';
import { impersonate } from '../../src/apiserver/authentication/impersonation.ts';
import type { Attributes, Authorizer } from '../../src/apiserver/authorization/index.ts';

const bob = { name: 'bob', groups: ['system:authenticated'] };

/** Allows what `allows` says, and keeps what was asked. */
function authorizerOf(allows: (resource: string) => boolean): Authorizer & { asked: Attributes[] } {
  const asked: Attributes[] = [];
  return {
    asked,
    async authorize(attributes) {
      asked.push(attributes);
      return { allowed: allows(attributes.resource?.resource ?? ''), reason: '' };
    },
  };
}

const anything = authorizerOf(() => true);
const asked = (headers: Record<string, string[]>, authorizer: Authorizer = anything) => {
  const rawHeaders = Object.entries(headers).flatMap(([name, values]) => values.flatMap((value) => [name, value]));
  return impersonate({ rawHeaders } as unknown as IncomingMessage, bob, authorizer);
};

test('a request without the headers acts as who sent it, and nobody is asked', async (t) => {
  const authorizer = authorizerOf(() => false);
  t.is(await asked({ accept: ['*/*'] }, authorizer), bob);
  t.is(authorizer.asked.length, 0);
});

test('it acts as the user with the groups named, and as nothing of its own', async (t) => {
  t.deepEqual(await asked({ 'impersonate-user': ['jane'], 'impersonate-group': ['devs', 'ops'] }), {
    name: 'jane',
    groups: ['devs', 'ops', 'system:authenticated'],
  });
});

test('a service account has the groups of all, unless others are named', async (t) => {
  const name = 'system:serviceaccount:one:bot';
  t.deepEqual(await asked({ 'impersonate-user': [name] }), {
    name,
    groups: ['system:serviceaccounts', 'system:serviceaccounts:one', 'system:authenticated'],
  });
  const named = await asked({ 'impersonate-user': [name], 'impersonate-group': ['bots'] });
  t.deepEqual(named.groups, ['bots', 'system:authenticated']);
});

test('who is anonymous is not authenticated', async (t) => {
  t.deepEqual((await asked({ 'impersonate-user': ['system:anonymous'] })).groups, ['system:unauthenticated']);
});

test('uid and extra fields go with the user', async (t) => {
  const user = await asked({
    'impersonate-user': ['jane'],
    'impersonate-uid': ['u-1'],
    'impersonate-extra-example.com%2fscope': ['a', 'b'],
  });
  t.is(user.uid, 'u-1');
  t.deepEqual(user.extra, { 'example.com/scope': ['a', 'b'] });
});

test('the user, each group and each extra value must be allowed', async (t) => {
  const authorizer = authorizerOf(() => true);
  await asked(
    {
      'impersonate-user': ['system:serviceaccount:one:bot'],
      'impersonate-group': ['devs'],
      'impersonate-uid': ['u-1'],
      'impersonate-extra-scope': ['a'],
    },
    authorizer,
  );
  t.true(authorizer.asked.every(({ verb, user }) => verb === 'impersonate' && user === bob));
  t.deepEqual(
    authorizer.asked.map(({ resource }) => resource),
    [
      { group: '', resource: 'serviceaccounts', subresource: '', namespace: 'one', name: 'bot' },
      { group: '', resource: 'groups', subresource: '', namespace: undefined, name: 'devs' },
      { group: 'authentication.k8s.io', resource: 'uids', subresource: '', namespace: undefined, name: 'u-1' },
      { group: 'authentication.k8s.io', resource: 'userextras', subresource: 'scope', namespace: undefined, name: 'a' },
    ],
  );
  for (const refused of ['serviceaccounts', 'groups'])
    await t.throwsAsync(
      asked(
        { 'impersonate-user': ['system:serviceaccount:one:bot'], 'impersonate-group': ['system:masters'] },
        authorizerOf((resource) => resource !== refused),
      ),
      { message: new RegExp(`User "bob" cannot impersonate resource "${refused}"`) },
    );
});

test('a group without a user is a mistake', async (t) => {
  const error = await t.throwsAsync<Error & { httpCode: number }>(asked({ 'impersonate-group': ['system:masters'] }));
  t.is(error.httpCode, 400);
});
