import test from 'ava';
import { requestInfoOf } from '../../src/apiserver/request-info.ts';

const cases: [method: string, path: string, watching: boolean, expected: string][] = [
  ['GET', '/api/v1/namespaces', false, 'list namespaces'],
  ['GET', '/api/v1/namespaces/a', false, 'get namespaces a in a'],
  ['PUT', '/api/v1/namespaces/a/finalize', false, 'update namespaces/finalize a in a'],
  ['GET', '/api/v1/namespaces/a/pods', false, 'list pods in a'],
  ['GET', '/api/v1/namespaces/a/pods/b', false, 'get pods b in a'],
  ['GET', '/api/v1/namespaces/a/pods/b/log', false, 'get pods/log b in a'],
  ['POST', '/api/v1/namespaces/a/pods/b/binding', false, 'create pods/binding b in a'],
  ['GET', '/api/v1/pods', true, 'watch pods'],
  ['GET', '/api/v1/watch/namespaces/a/pods', false, 'watch pods in a'],
  ['DELETE', '/apis/apps/v1/namespaces/a/deployments', false, 'deletecollection apps/deployments in a'],
  ['DELETE', '/apis/apps/v1/namespaces/a/deployments/b', false, 'delete apps/deployments b in a'],
  ['PATCH', '/apis/apps/v1/namespaces/a/deployments/b/scale', false, 'patch apps/deployments/scale b in a'],
  ['HEAD', '/api/v1/nodes/n%20x', false, 'get nodes n x'],
  ['GET', '/api/v1', false, 'path get'],
  ['GET', '/apis/apps', false, 'path get'],
  ['POST', '/metrics', false, 'path post'],
  ['GET', '/api/v1/nodes/%zz', false, 'get nodes %zz'],
];

for (const [method, path, watching, expected] of cases) {
  test(`${method} ${path}${watching ? '?watch=1' : ''}`, (t) => {
    const { isResource, verb, group, resource, subresource, name, namespace } = requestInfoOf(method, path, watching);
    const full = `${group === '' ? '' : `${group}/`}${resource}${subresource === '' ? '' : `/${subresource}`}`;
    const text = isResource
      ? [verb, full, name, namespace === undefined ? '' : `in ${namespace}`].filter(Boolean).join(' ')
      : `path ${verb}`;
    t.is(text, expected);
  });
}
