/** Kubernetes' order of versions: v2, v1, v1beta2, v1beta1, v1alpha1, then all other names by the alphabet. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [rankOf(a), rankOf(b)];
  for (let index = 0; index < 3; index++) {
    const difference = right[index]! - left[index]!;
    if (difference !== 0) return difference;
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

const stages = ['alpha', 'beta', undefined];

function rankOf(version: string): [stage: number, major: number, minor: number] {
  const match = /^v([1-9]\d*)(?:(alpha|beta)([1-9]\d*))?$/.exec(version);
  if (match === null) return [-1, 0, 0];
  return [stages.indexOf(match[2]), Number(match[1]), Number(match[3] ?? 0)];
}
