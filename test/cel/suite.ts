import { tests as checking } from '@bufbuild/cel-spec/testdata/checking.js';
import { tests as conformance } from '@bufbuild/cel-spec/testdata/conformance.js';

/** CEL's own conformance suite, and cel-go's tests of its type checker, as @bufbuild/cel-spec has them. */
export interface SpecTest {
  group: string;
  section: string;
  expression: string;
  type: string | undefined;
  error: string | undefined;
  original: {
    expr: string;
    value?: SpecValue;
    evalError?: object;
    unknown?: object;
    anyEvalErrors?: object;
    typedResult?: { result?: SpecValue };
    bindings?: Record<string, { value: SpecValue }>;
    typeEnv?: { name: string; ident?: { type: object } }[];
    container?: string;
    disableCheck?: boolean;
    checkOnly?: boolean;
  };
}

export type SpecValue = Record<string, unknown>;

interface Suite {
  name: string;
  suites?: Suite[];
  tests?: { original: SpecTest['original']; type?: string; error?: string }[];
}

function flatten(suite: Suite, path: readonly string[]): SpecTest[] {
  const here = [...path, suite.name];
  const own = (suite.tests ?? []).map(({ original, type, error }) => ({
    group: here[1] ?? here[0]!,
    section: here.slice(1).join('/'),
    expression: original.expr,
    type,
    error,
    original,
  }));
  return [...own, ...(suite.suites ?? []).flatMap((inner) => flatten(inner, here))];
}

export const conformanceTests = flatten(conformance as Suite, []);
export const checkingTests = flatten(checking as Suite, []);
