import { duplicate, type FieldPath, invalidValue, required } from '../../field-errors.ts';
import type { v1 } from '../../types/index.ts';
import type { Errors } from '../checks.ts';

const segment = '[a-z0-9]([-_a-z0-9]*[a-z0-9])?';
const pattern = `^(${segment}[\\./])*${segment}$`;
const grammar = new RegExp(pattern);
const maxLength = 253;

/** Settings of the kernel that belong to a namespace; who shares the host's may not change them. */
const networkPrefix = 'net.';
const ipcPrefix = 'fs.mqueue.';
const ipcNames: ReadonlySet<string> = new Set([
  'kernel.auto_msgmni',
  'kernel.msg_next_id',
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.sem_next_id',
  'kernel.shm_next_id',
  'kernel.shm_rmid_forced',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
]);

export function checkSysctls(errors: Errors, path: FieldPath, sysctls: readonly v1.Sysctl[], spec: v1.PodSpec): void {
  const names = new Set<string>();
  for (const [index, { name = '' }] of sysctls.entries()) {
    const item = path.index(index).child('name');
    if (name === '') errors.push(required(item));
    else if (name.length > maxLength || !grammar.test(name)) {
      const detail = `must have at most ${maxLength} characters and match regex ${pattern}`;
      errors.push(invalidValue(item, name, detail));
    } else if (names.has(name)) errors.push(duplicate(item, name));
    names.add(name);
    const dotted = withDots(name);
    if (spec.hostNetwork && dotted.startsWith(networkPrefix)) {
      errors.push(invalidValue(item, name, "may not be specified when 'hostNetwork' is true"));
    } else if (spec.hostIPC && (ipcNames.has(dotted) || dotted.startsWith(ipcPrefix))) {
      errors.push(invalidValue(item, name, "may not be specified when 'hostIPC' is true"));
    }
  }
}

/** A name may be written with slashes for dots, and then with dots for slashes. */
function withDots(name: string): string {
  const first = name.search(/[./]/);
  if (first === -1 || name[first] === '.') return name;
  return name.replaceAll(/[./]/g, (mark) => (mark === '/' ? '.' : '/'));
}
