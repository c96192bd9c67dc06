import type { StateMachine } from '../../src/replica/index.ts';

export interface Command {
  /** Who proposed it: one life of one peer. */
  author: string;
  /** Counts the author's commands from 1. */
  number: number;
}

/** A state machine that remembers every command it applied. A command's result is its place in the list. */
export class AppendList implements StateMachine {
  list: string[] = [];
  snapshots = 0;
  restores = 0;

  apply(commands: readonly unknown[]): number[] {
    return (commands as Command[]).map(({ author, number }) => this.list.push(`${author}#${number}`));
  }

  snapshot(): AsyncIterable<Uint8Array> {
    this.snapshots += 1;
    return chunked(JSON.stringify(this.list));
  }

  async restore(chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const parts: Uint8Array[] = [];
    for await (const chunk of chunks) parts.push(chunk);
    this.list = JSON.parse(Buffer.concat(parts).toString()) as string[];
    this.restores += 1;
  }
}

async function* chunked(text: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += 100) {
    yield Buffer.from(text.slice(at, at + 100));
    await new Promise((resolve) => setImmediate(resolve));
  }
}
