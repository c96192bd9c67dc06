import test from 'ava';
import {
  type ApiError,
  duplicate,
  errors,
  fieldErrorText,
  fieldPath,
  forbiddenField,
  invalidValue,
  notSupported,
  reasonOf,
  required,
  tooLong,
  tooMany,
  typeInvalid,
  valueNotFound,
} from '../../src/api/index.ts';

const deployments = { group: 'apps', resource: 'deployments' };
const pods = { group: '', resource: 'pods' };

test('each error has the code, reason and text of kube-apiserver', (t) => {
  const modified = 'the object has been modified; please apply your changes to the latest version and try again';
  const cases: [error: ApiError, code: number, reason: string, message: string][] = [
    [errors.notFound(deployments, 'x'), 404, 'NotFound', 'deployments.apps "x" not found'],
    [errors.resourceNotFound(), 404, 'NotFound', 'the server could not find the requested resource'],
    [errors.alreadyExists(pods, 'x'), 409, 'AlreadyExists', 'pods "x" already exists'],
    [
      errors.generateNameConflict(pods, 'x'),
      409,
      'AlreadyExists',
      'pods "x" already exists, the server was not able to generate a unique name for the object',
    ],
    [errors.conflict(pods, 'x'), 409, 'Conflict', `Operation cannot be fulfilled on pods "x": ${modified}`],
    [errors.conflict(pods, 'x', 'no'), 409, 'Conflict', 'Operation cannot be fulfilled on pods "x": no'],
    [errors.badRequest('no'), 400, 'BadRequest', 'no'],
    [errors.unauthorized(), 401, 'Unauthorized', 'Unauthorized'],
    [errors.forbidden(pods, 'x', 'no'), 403, 'Forbidden', 'pods "x" is forbidden: no'],
    [
      errors.methodNotAllowed(pods, 'patch'),
      405,
      'MethodNotAllowed',
      'patch is not supported on resources of kind "pods"',
    ],
    [
      errors.notAcceptable(['a/b', 'c/d']),
      406,
      'NotAcceptable',
      'only the following media types are accepted: a/b, c/d',
    ],
    [errors.gone('no'), 410, 'Gone', 'no'],
    [errors.watchExpired(), 410, 'Expired', 'The resourceVersion for the provided watch is too old.'],
    [errors.listExpired(), 410, 'Expired', 'The resourceVersion for the provided list is too old.'],
    [errors.tooOldResourceVersion(3, 7), 410, 'Expired', 'too old resource version: 3 (7)'],
    [errors.requestEntityTooLarge(100), 413, 'RequestEntityTooLarge', 'Request entity too large: limit is 100'],
    [
      errors.unsupportedMediaType(['a/b']),
      415,
      'UnsupportedMediaType',
      'the body of the request was in an unknown format - accepted media types include: a/b',
    ],
    [errors.tooManyRequests('slow down'), 429, 'TooManyRequests', 'slow down'],
    [errors.internalError('oh'), 500, 'InternalError', 'Internal error occurred: oh'],
    [
      errors.serverTimeout(pods, 'list'),
      500,
      'ServerTimeout',
      'The list operation against pods could not be completed at this time, please try again.',
    ],
    [errors.serviceUnavailable('not yet'), 503, 'ServiceUnavailable', 'not yet'],
    [errors.timeout('late'), 504, 'Timeout', 'Timeout: late'],
    [errors.tooLargeResourceVersion(9, 7), 504, 'Timeout', 'Timeout: Too large resource version: 9, current: 7'],
  ];
  for (const [error, code, reason, message] of cases) {
    t.is(error.httpCode, code, message);
    t.is(reasonOf(error), reason);
    t.is(error.message, message);
    t.is(error.status.message, message);
    t.is(error.status.status, 'Failure');
  }
});

test('details name the resource, without what is empty', (t) => {
  t.deepEqual(errors.notFound(deployments, 'x').status.details, { name: 'x', group: 'apps', kind: 'deployments' });
  t.deepEqual(errors.notFound(pods, 'x').status.details, { name: 'x', kind: 'pods' });
  t.is(errors.tooManyRequests('', 9).status.details?.retryAfterSeconds, 9);
  t.is(errors.tooLargeResourceVersion(9, 7).status.details?.causes?.[0]?.reason, 'ResourceVersionTooLarge');
  t.is(errors.evictionRefused('no', 'budget').status.details?.causes?.[0]?.reason, 'DisruptionBudget');
});

test('a refused request says who cannot do what where', (t) => {
  const base = { user: 'jane', verb: 'list', resource: 'pods', group: '' };
  t.is(
    errors.accessDenied({ ...base, namespace: 'default' }).message,
    'pods is forbidden: User "jane" cannot list resource "pods" in API group "" in the namespace "default"',
  );
  t.is(
    errors.accessDenied({ ...base, verb: 'get', name: 'web', subresource: 'log', reason: 'no role' }).message,
    'pods "web" is forbidden: User "jane" cannot get resource "pods/log" in API group "" at the cluster scope: no role',
  );
  t.is(
    errors.accessDenied({ user: 'jane', verb: 'get', path: '/metrics' }).message,
    'forbidden: User "jane" cannot get path "/metrics"',
  );
});

test('an expired continue token can come with one to go on inconsistently', (t) => {
  t.is(errors.continueExpired('token').status.metadata.continue, 'token');
  t.is(errors.continueExpired().status.metadata.continue, undefined);
});

test('invalid lists every field error as a cause', (t) => {
  const path = fieldPath('spec');
  const error = errors.invalid({ group: 'apps', kind: 'Deployment' }, 'x', [
    required(path.child('selector')),
    invalidValue(path.child('replicas'), -1, 'must be greater than or equal to 0'),
    required(path.child('selector')),
  ]);
  t.is(
    error.message,
    'Deployment.apps "x" is invalid: [spec.selector: Required value, spec.replicas: Invalid value: -1: must be greater than or equal to 0]',
  );
  t.deepEqual(error.status.details, {
    name: 'x',
    group: 'apps',
    kind: 'Deployment',
    causes: [
      { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.selector' },
      {
        reason: 'FieldValueInvalid',
        message: 'Invalid value: -1: must be greater than or equal to 0',
        field: 'spec.replicas',
      },
      { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.selector' },
    ],
  });
  t.is(errors.invalid({ group: '', kind: 'Pod' }, 'x', []).message, 'Pod "x" is invalid');
  t.is(
    errors.invalid({ group: '', kind: 'Pod' }, 'x', [required(path, 'say so')]).message,
    'Pod "x" is invalid: spec: Required value: say so',
  );
});

test('field errors read as in Kubernetes', (t) => {
  const path = fieldPath('spec', 'containers').index(0).child('env').key('A b').child('name');
  t.is(path.toString(), 'spec.containers[0].env[A b].name');
  t.is(fieldPath().child('metadata', 'name').toString(), 'metadata.name');
  const short = fieldPath('f');
  t.deepEqual(
    [
      invalidValue(short, 'a"b\u0001', 'no'),
      invalidValue(short, { a: 1 }, 'no'),
      invalidValue(short, undefined, 'no'),
      typeInvalid(short, true, 'no'),
      notSupported(short, 'x', ['A', 'B']),
      notSupported(short, 'x', []),
      duplicate(short, 'x'),
      forbiddenField(short, 'no'),
      tooLong(short, 63),
      tooMany(short, 3, 1),
      valueNotFound(short, 'x'),
    ].map(fieldErrorText),
    [
      'f: Invalid value: "a\\"b\\x01": no',
      'f: Invalid value: {"a":1}: no',
      'f: Invalid value: "null": no',
      'f: Invalid value: true: no',
      'f: Unsupported value: "x": supported values: "A", "B"',
      'f: Unsupported value: "x"',
      'f: Duplicate value: "x"',
      'f: Forbidden: no',
      'f: Too long: may not be more than 63 bytes',
      'f: Too many: 3: must have at most 1 item',
      'f: Not found: "x"',
    ],
  );
});

test('success carries its details', (t) => {
  t.deepEqual(errors.successStatus({ name: 'x', kind: 'pods' }), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'x', kind: 'pods' },
    code: 200,
  });
});
