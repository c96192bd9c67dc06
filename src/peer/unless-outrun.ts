import { reasonOf } from '../api/index.ts';

/** For a write by who looks again at every change: when somebody else was quicker, what they did will be seen. */
export async function unlessOutrun(write: Promise<unknown>): Promise<void> {
  await write.catch((error) => {
    if (!['AlreadyExists', 'Conflict', 'NotFound'].includes(reasonOf(error) ?? '')) throw error;
  });
}
