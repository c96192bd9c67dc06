export { check, Violation } from '../violation.ts';
export { Checker } from './checker.ts';
export { type ObservedPeer, ShadowLog } from './observed-peer.ts';
export { PreVoteChecker } from './pre-vote-checker.ts';
export { checkPromise } from './promise-checker.ts';
