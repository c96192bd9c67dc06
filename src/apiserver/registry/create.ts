import { clonePlain, errors, fieldPath, generateName, reasonOf, required } from '../../api/index.ts';
import { commit, outcomeOf } from './commit.ts';
import { GENERATE_NAME_ATTEMPTS } from './metadata.ts';
import { storageOf } from './storage.ts';
import type { Encoded, Registry } from './types.ts';
import { check, scopeOf, stageCreation, type WriteContext } from './write-stages.ts';

/** POST to a collection. */
export async function createObject(
  context: WriteContext,
  request: Parameters<Registry['create']>[0],
): Promise<Encoded> {
  const { type } = request;
  const scope = scopeOf(request, storageOf(type));
  const body = check(request.object, scope);
  body.metadata ??= {};
  const { name, generateName: base } = body.metadata;
  if (!name && !base) {
    throw errors.invalid(type, '', [required(fieldPath('metadata', 'name'), 'name or generateName is required')]);
  }
  for (let attempt = 1; ; attempt++) {
    const chosen = name || generateName(base!, context.random);
    const decide = async () => {
      const draft = clonePlain(body);
      draft.metadata.name = chosen;
      return stageCreation(context, scope, draft);
    };
    try {
      return await outcomeOf(scope, await commit(context, scope, chosen, decide, true));
    } catch (error) {
      if (name || reasonOf(error) !== 'AlreadyExists') throw error;
      if (attempt === GENERATE_NAME_ATTEMPTS) throw errors.generateNameConflict(type, chosen);
    }
  }
}
