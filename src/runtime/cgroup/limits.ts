/** How long the kernel averages the CPU limit. The kubelet's value. */
export const cpuPeriodMicroseconds = 100_000;

/** CPU time a period; the kernel takes nothing below 1 ms. */
export function cpuQuotaMicroseconds(millicores: number): number {
  return Math.max(1000, Math.round((millicores * cpuPeriodMicroseconds) / 1000));
}

/** The kubelet's shares for a request: 1024 for a CPU, within what the kernel takes. */
export function cpuShares(requestMillicores: number): number {
  return Math.min(262_144, Math.max(2, Math.floor((requestMillicores * 1024) / 1000)));
}

/** Shares of version 1 (2 … 262144) as weight of version 2 (1 … 10000). */
export function cpuWeight(shares: number): number {
  return Math.floor(1 + ((shares - 2) * 9999) / 262_142);
}
