import test from 'ava';
import { negotiate, parseAccept } from '../../src/apiserver/http/accept.ts';

const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';
const partial = 'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1';

const cases: [header: string | undefined, tables: boolean, expected: string][] = [
  [undefined, true, 'object json'],
  ['', true, 'object json'],
  ['*/*', true, 'object json'],
  ['application/json', true, 'object json'],
  ['application/yaml', true, 'object yaml'],
  [`${table},application/json`, true, 'table json'],
  [`${table},application/json`, false, 'object json'],
  [table, false, 'none'],
  ['application/json;as=Table;v=v9;g=meta.k8s.io', true, 'none'],
  ['application/json;as=Table;v=v1beta1;g=meta.k8s.io', true, 'table json v1beta1'],
  ['application/json;as=PartialObjectMetadata;v=v1beta1;g=meta.k8s.io', false, 'metadata json v1beta1'],
  ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;v=v1beta1;g=meta.k8s.io', true, 'none'],
  [partial, true, 'metadata json'],
  ['application/vnd.kubernetes.protobuf,application/json', true, 'object protobuf'],
  ['application/vnd.kubernetes.protobuf,application/json', false, 'object json'],
  ['application/vnd.kubernetes.protobuf;stream=watch', true, 'object protobuf'],
  ['application/vnd.kubernetes.protobuf;as=PartialObjectMetadata;g=meta.k8s.io;v=v1', true, 'metadata protobuf'],
  ['application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1', true, 'none'],
  ['application/vnd.kubernetes.protobuf', false, 'none'],
  ['application/cbor', true, 'none'],
  ['application/yaml;q=0.5, application/json;q=0.9', true, 'object json'],
  ['application/json;q=0, application/yaml', true, 'object yaml'],
];

for (const [header, tables, expected] of cases) {
  test(`Accept: ${header ?? '(absent)'}${tables ? '' : ', of what has neither tables nor protobuf'}`, (t) => {
    const shape = negotiate(parseAccept(header), { tables, protobuf: tables });
    const version = shape?.version === 'v1beta1' ? ' v1beta1' : '';
    t.is(shape === undefined ? 'none' : `${shape.as} ${shape.encoding}${version}`, expected);
  });
}

test('a header of any length costs no more than its first ranges', (t) => {
  t.true(parseAccept('application/json,'.repeat(10_000)).length <= 32);
});
