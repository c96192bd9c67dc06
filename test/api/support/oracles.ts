import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** One object as Kubernetes writes it in both encodings. */
export interface Pair {
  /** `apps.v1.Deployment`. */
  name: string;
  json: Record<string, unknown>;
  protobuf: Buffer;
}

const folder = process.env['KUBERNETES_ORACLES'] ?? '../shared/oracles/kubernetes-api';

/** The recorded pairs, or none, where the folder is absent. */
export function oraclePairs(): Pair[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => file.endsWith('.pb'))
    .map((file) => {
      const name = file.slice(0, -'.pb'.length);
      return {
        name,
        json: JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Record<string, unknown>,
        protobuf: readFileSync(join(folder, file)),
      };
    });
}

export const skipText = `no oracles in ${folder} (KUBERNETES_ORACLES): skipped`;
