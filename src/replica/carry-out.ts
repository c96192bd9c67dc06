import type { Effects } from '../raft/index.ts';
import type { Parts } from './parts.ts';

/** Carries out what a step of the Raft core brought about, in the order and with the guarantees that it asks for. */
export function carryOut(parts: Parts, effects: Effects): void {
  const { messages, committed, reads, readsFailed, changes, rejected, snapshotsToSend, status } = effects;
  if (messages.length > 0) parts.sender.send(messages);
  parts.knownPeers.learn(effects.entries);
  write(parts, effects);
  if (committed.length > 0) parts.applyLoop.push(committed);
  for (const { id, index } of reads) parts.barriers.answered(id, index);
  for (const id of readsFailed) parts.barriers.failed(id);
  for (const { id, answer } of changes) parts.changes.answered(id, answer);
  if (rejected !== undefined) {
    parts.proposals.refused();
    parts.notes.refused(rejected.data);
  }
  for (const message of snapshotsToSend) parts.snapshots.send(message).catch(parts.onFailure);
  if (status !== undefined) parts.onStatus(status);
}

function write(parts: Parts, { hardState, entries, snapshot, messagesAfterPersist }: Effects): void {
  const { writer, snapshots, applyLoop, storage, disk } = parts;
  if (disk !== undefined) for (const { data } of entries) disk.wrote(data.length);
  if (snapshot !== undefined) {
    const { staged, onDurable } = snapshots.takeOver(snapshot);
    writer.push({
      hardState,
      entries,
      snapshot: staged,
      replaceLog: true,
      messages: messagesAfterPersist,
      onDurable,
    });
    const durable = new Promise<void>((resolve) => writer.push({ onDurable: resolve }));
    applyLoop.restore(() => durable.then(() => storage.readSnapshot()));
  } else if (hardState !== undefined || messagesAfterPersist.length > 0) {
    writer.push({ hardState, entries, messages: messagesAfterPersist });
  }
}
