import test from 'ava';
import { CompileError, celTypes, compile, formatType } from '../../src/cel/index.ts';
import { checkingTests } from './suite.ts';

const variables = {
  is: celTypes.string,
  ii: celTypes.int,
  iu: celTypes.uint,
  iz: celTypes.bool,
  ib: celTypes.bytes,
  id: celTypes.double,
  ix: celTypes.nullType,
};

/** Messages, and numbers of different types compared, which Kubernetes allows. */
const different = /[tT]est|proto|int\{\}|[<>]=? 1\.0|\[\]\.length/;

test("types and errors are those of cel-go's checker", (t) => {
  let compared = 0;
  for (const { expression, type, error } of checkingTests) {
    if (different.test(expression) || error?.includes('unsupported syntax')) continue;
    const expected = withoutSource(error) ?? type ?? '';
    const found = outcome(expression);
    // Variables and functions that only those tests declare.
    if (undeclared(found) > undeclared(expected)) continue;
    t.is(found, expected, expression);
    compared++;
  }
  t.true(compared > 50, String(compared));
});

function undeclared(text: string): number {
  return text.split('undeclared reference').length;
}

function outcome(expression: string): string {
  try {
    return formatType(compile(expression, { variables, heterogeneous: true }).type);
  } catch (error) {
    if (error instanceof CompileError) return error.message;
    throw error;
  }
}

/** The suite names the source after the expression, some of which have several lines. */
function withoutSource(error: string | undefined): string | undefined {
  return error?.replace(/^ERROR: [\s\S]*?:(\d+:\d+: )/gm, 'ERROR: <input>:$1');
}
