import { InvalidArgumentError, Option } from 'commander';
import { nodeModes, shapeDefaults } from '../peer/index.ts';

export const DEFAULT_DATA_DIR = '.keelson';

export function dataDirOption(): Option {
  return new Option('--data-dir <dir>', 'where the cluster keeps its data').default(DEFAULT_DATA_DIR);
}

export function modeOption(): Option {
  return new Option('--mode <mode>', `how workloads run (default: ${shapeDefaults.mode})`).choices(nodeModes);
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
