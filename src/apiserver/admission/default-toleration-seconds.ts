import { writtenPodSpec } from './pod-spec.ts';
import type { AdmissionPlugin } from './types.ts';

interface Toleration {
  key?: string;
  operator?: string;
  effect?: string;
  tolerationSeconds?: number;
}

const keys = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

/** A pod stays so many seconds on a node that is lost, unless it says something else. */
export function defaultTolerationSeconds(tolerationSeconds: number): AdmissionPlugin {
  return {
    name: 'DefaultTolerationSeconds',
    admit(attributes) {
      const spec = writtenPodSpec<{ tolerations?: Toleration[] }>(attributes)?.spec;
      if (spec === undefined) return;
      for (const key of keys) {
        const tolerated = spec.tolerations?.some(
          (toleration) =>
            (toleration.key === key || !toleration.key) && (!toleration.effect || toleration.effect === 'NoExecute'),
        );
        if (tolerated) continue;
        const toleration = { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds };
        spec.tolerations = [...(spec.tolerations ?? []), toleration];
      }
    },
  };
}
