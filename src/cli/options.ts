import { InvalidArgumentError, Option } from 'commander';
import { nodeModes, shapeDefaults } from '../peer/index.ts';

export const DEFAULT_DATA_DIR = '.keelson';

export function dataDirOption(): Option {
  return new Option('--data-dir <dir>', 'where the cluster keeps its data').default(DEFAULT_DATA_DIR);
}

export function modeOption(): Option {
  return new Option('--mode <mode>', `how workloads run (default: ${shapeDefaults.mode})`).choices(nodeModes);
}

const CIDR = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.0\/(\d{1,2})$/;

/** A block of IPv4 addresses that Services may have. */
export function serviceBlock(text: string): string {
  const [a, b, c, length] = (CIDR.exec(text) ?? []).slice(1).map(Number) as [number, number, number, number];
  const isBlock = length >= 12 && length <= 24 && [a, b, c].every((part) => part <= 255);
  // No bits beyond its length.
  if (!isBlock || ((b << 8) | c) & ((1 << (24 - length)) - 1)) {
    throw new InvalidArgumentError('It must be a block of 2^8 to 2^20 addresses such as 10.96.0.0/16.');
  }
  return text;
}

/** A whole number between two bounds, both included. */
export function integerBetween(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < low || value > high)
      throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
    return value;
  };
}

/** A whole number above 0, of any size that a number keeps exactly. */
export const positiveInteger = integerBetween(1, Number.MAX_SAFE_INTEGER);
