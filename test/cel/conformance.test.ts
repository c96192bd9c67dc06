import test from 'ava';
import {
  Budget,
  CompileError,
  celTypes,
  compile,
  EvaluationError,
  type Type,
  type Value,
} from '../../src/cel/index.ts';
import { conformanceTests, type SpecTest, type SpecValue } from './suite.ts';
import { fromSpec, show, typeFromSpec } from './values.ts';

/** Kubernetes has no Protocol Buffers and no namespaces in expressions, and not these extensions. */
const otherGroups = 'block_ext dynamic encoders_ext enums math_ext namespace proto2 proto2_ext proto3 wrappers'.split(
  ' ',
);
const aboutMessages =
  /TestAllTypes|NestedTestAllTypes|google\.protobuf\.[A-Z]\w*Value|google\.protobuf\.(Any|Struct|Value|ListValue)|GlobalEnum|objectValue|messageType"|wrapper|google\.protobuf\.(Duration|Timestamp)\{/;

/** Here types are always checked. */
const applicable = conformanceTests.filter(
  ({ group, original }) =>
    !otherGroups.includes(group) && !original.disableCheck && !aboutMessages.test(JSON.stringify(original)),
);

for (const [group, tests] of Map.groupBy(applicable, ({ group }) => group)) {
  test(`conformance: ${group}`, (t) => {
    for (const spec of tests) {
      const expected = expectation(spec);
      if (expected === undefined) continue;
      t.is(run(spec), expected, `${spec.section}: ${spec.expression}`);
    }
    t.true(tests.length > 0);
  });
}

test('most of the suite applies', (t) => {
  t.true(applicable.length > 1000, String(applicable.length));
});

function expectation({ original }: SpecTest): string | undefined {
  if (original.unknown !== undefined || original.checkOnly) return undefined;
  if (original.evalError !== undefined || original.anyEvalErrors !== undefined) return 'error';
  const result: SpecValue = original.value ?? original.typedResult?.result ?? { boolValue: true };
  return show(fromSpec(result));
}

function run({ original }: SpecTest): string {
  const variables: Record<string, Type> = {};
  const values: Record<string, Value> = {};
  for (const { name, ident } of original.typeEnv ?? [])
    if (ident !== undefined) variables[name] = typeFromSpec(ident.type);
  for (const [name, { value }] of Object.entries(original.bindings ?? {})) {
    variables[name] ??= celTypes.dyn;
    values[name] = fromSpec(value);
  }
  try {
    return show(compile(original.expr, { variables, heterogeneous: true }).evaluate(values, new Budget(1e6)));
  } catch (error) {
    if (error instanceof EvaluationError) return 'error';
    if (error instanceof CompileError)
      return expectation({ original } as SpecTest) === 'error' ? 'error' : error.message;
    throw error;
  }
}
