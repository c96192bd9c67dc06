import { equalPlain, type v1 } from '../../../api/index.ts';

const prefix = 'container.apparmor.security.beta.kubernetes.io/';
const localPrefix = 'localhost/';
const lists = ['initContainers', 'containers', 'ephemeralContainers'] as const;

/** What annotations of older days say of containers' AppArmor profiles goes into the fields made for it. Changes `spec`. */
export function takeAppArmorAnnotations(spec: v1.PodSpec, annotations: Readonly<Record<string, string>>): void {
  if (spec.os?.name === 'windows') return;
  for (const list of lists) {
    for (const container of spec[list] ?? []) {
      const profile = profileOf(annotations[prefix + container.name]);
      if (profile === undefined || container.securityContext?.appArmorProfile !== undefined) continue;
      if (equalPlain(profile, spec.securityContext?.appArmorProfile)) continue;
      container.securityContext = { ...container.securityContext, appArmorProfile: profile };
    }
  }
}

function profileOf(text: string | undefined): v1.AppArmorProfile | undefined {
  if (text === 'unconfined') return { type: 'Unconfined' };
  if (text === 'runtime/default') return { type: 'RuntimeDefault' };
  const local = text?.startsWith(localPrefix) ? text.slice(localPrefix.length) : '';
  return local === '' || local.trim() !== local ? undefined : { type: 'Localhost', localhostProfile: local };
}
