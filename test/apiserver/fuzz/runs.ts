/** More with FUZZ_RUNS=100000; a seed of a failure again with FUZZ_SEED. */
export const RUNS = Number(process.env['FUZZ_RUNS'] ?? 1_000);
export const seed = process.env['FUZZ_SEED'] === undefined ? {} : { seed: Number(process.env['FUZZ_SEED']) };
/** What takes longer hangs, however busy the machine. */
export const HANGS_MS = 45_000;
