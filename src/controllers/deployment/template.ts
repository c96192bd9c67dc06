import { suffixAlphabet, type v1 } from '../../api/index.ts';

/** The label that tells a Deployment's ReplicaSets and their pods apart. */
export const HASH_LABEL = 'pod-template-hash';

/** A short name for a template; `collisions` gives another one when that is taken by a different template. */
export function templateHash(template: v1.PodTemplateSpec, collisions: number): string {
  // FNV-1a with 32 bits.
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(`${canonical(withoutHash(template))}${collisions || ''}`)) {
    hash = Math.imul(hash ^ byte, 0x01000193) >>> 0;
  }
  return [...String(hash)].map((digit) => suffixAlphabet[digit.charCodeAt(0) % suffixAlphabet.length]).join('');
}

/** Whether pods of both would be the same but for the hash. */
export function sameTemplate(a: v1.PodTemplateSpec, b: v1.PodTemplateSpec): boolean {
  return canonical(withoutHash(a)) === canonical(withoutHash(b));
}

function withoutHash(template: v1.PodTemplateSpec): v1.PodTemplateSpec {
  const { [HASH_LABEL]: _, ...labels } = template.metadata?.labels ?? {};
  return { ...template, metadata: { ...template.metadata, labels } };
}

/** JSON that doesn't depend on the order of fields, nor on whether what is absent is written as null. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined && field !== null)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${fields.join()}}`;
}
