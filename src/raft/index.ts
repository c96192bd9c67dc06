export {
  decodeConfiguration,
  encodeConfiguration,
  highestId,
  isJoint,
  isUsedUp,
  isVoter,
  membersOf,
  noMembers,
} from './configuration.ts';
export { createRaft } from './raft.ts';
export * from './types.ts';
