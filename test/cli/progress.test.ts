import test from 'ava';
import { createProgress } from '../../src/cli/progress.ts';
import { FakeClock } from '../support/fake-clock.ts';

function output(isTTY: boolean): { isTTY: boolean; text: string; write(text: string): void } {
  return {
    isTTY,
    text: '',
    write(text) {
      this.text += text;
    },
  };
}

test('steps that are done come with the time since the last one', async (t) => {
  const clock = new FakeClock();
  const out = output(false);
  const progress = createProgress(out, clock);
  progress.begin('starting');
  await clock.advance(20);
  progress.done('started');
  await clock.advance(3);
  progress.done('ready');
  progress.clear();
  t.is(out.text, '  ✓ started (20 ms)\n  ✓ ready (3 ms)\n');
});

test('a terminal also shows what goes on, and each text replaces the last', (t) => {
  const out = output(true);
  const progress = createProgress(out, new FakeClock());
  progress.begin('starting');
  progress.begin('still starting');
  progress.done('started');
  progress.clear();
  const clear = '\r\u001b[K';
  t.is(out.text, `${clear}  … starting${clear}  … still starting${clear}  ✓ started (0 ms)\n${clear}`);
});
