export { type CommandOptions, type CommandStreams, openCommandStreams, type TerminalSize } from './command.ts';
export { type ForwardedPort, openPortStreams } from './port-forward.ts';
export { refuseUpgrade, type Upgrade, UpgradeRefused } from './upgrade.ts';
