export { fencedPrefix, LeaseChecker, lockPrefix } from './lease-checker.ts';
export { Lives } from './lives.ts';
export { StateChecker } from './state-checker.ts';
export { type Change, Truth, toChange } from './truth.ts';
