import test from 'ava';
import fc from 'fast-check';
import { apiVersionOf, resourceTypes } from '../../../src/api/index.ts';
import { arbitraryKind } from '../../api/support/arbitrary-object.ts';
import { at, createFixture, fields, object } from './harness.ts';

/** Whose creation is more than storing what is given. */
const others: ReadonlySet<string> = new Set(['Namespace', 'CustomResourceDefinition', 'Service']);

test('whatever is accepted is read as it was answered, and everything else is refused with a status', async (t) => {
  const { registry } = await createFixture(t);
  const types = resourceTypes().filter(({ kind, verbs }) => verbs.includes('get') && !others.has(kind));
  let stored = 0;
  let number = 0;
  for (const type of types.filter(({ verbs }) => verbs.includes('create'))) {
    await fc.assert(
      fc.asyncProperty(arbitraryKind(apiVersionOf(type), type.kind, 3), async (given) => {
        const name = `x${number++}`;
        const { metadata: _, status: _status, ...rest } = given as Record<string, unknown>;
        const whole = object(apiVersionOf(type), type.kind, name, rest);
        let created: unknown;
        try {
          created = fields(await registry.create({ ...at(type), object: whole }));
        } catch (error) {
          const { status } = error as { status?: { kind: string; code: number } };
          t.is(status?.kind, 'Status', `${type.kind}: ${error}`);
          t.true(status!.code < 500, `${type.kind}: ${error}`);
          return;
        }
        stored++;
        t.deepEqual(fields(await registry.get({ ...at(type), name })), created, type.kind);
      }),
      { numRuns: 20 },
    );
  }
  t.true(stored > 0);
});
