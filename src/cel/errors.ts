/** An expression failed while it was evaluated. Its message is what Kubernetes' users read. */
export class EvaluationError extends Error {
  override readonly name: string = 'EvaluationError';
}

/** An expression took more steps, or a longer time, than it was given. */
export class CostExceededError extends EvaluationError {
  override readonly name = 'CostExceededError';
  constructor() {
    super('operation cancelled: actual cost limit exceeded');
  }
}

/** What is wrong with an expression, and where: an offset into it, in UTF-16 units. */
export interface Problem {
  position: number;
  message: string;
}

/** An expression that can't be compiled. */
export class CompileError extends Error {
  override readonly name = 'CompileError';
  readonly problems: readonly Problem[];
  constructor(source: string, problems: readonly Problem[]) {
    const sorted = [...problems].sort((a, b) => a.position - b.position);
    super(sorted.map((problem) => describe(source, problem)).join('\n'));
    this.problems = sorted;
  }
}

/** With the line that it is about and a mark below, in the form that Kubernetes' users know. */
function describe(source: string, { position, message }: Problem): string {
  const before = source.slice(0, position);
  const start = before.lastIndexOf('\n') + 1;
  const end = source.indexOf('\n', position);
  const line = before.split('\n').length;
  const column = [...source.slice(start, position)].length;
  const text = source.slice(start, end < 0 ? undefined : end);
  return `ERROR: <input>:${line}:${column + 1}: ${message}\n | ${text}\n | ${'.'.repeat(column)}^`;
}

/** Thrown inside the parser to give up at once. */
export class SyntaxProblem extends Error {
  readonly position: number;
  constructor(position: number, message: string) {
    super(message);
    this.position = position;
  }
}
