import { type FieldError, fieldPath, invalidValue } from '../../../api/index.ts';
import { baselineChecks } from './baseline.ts';
import type { Check, CheckedPod, Violation } from './check.ts';
import { restrictedChecks } from './restricted.ts';

export type Level = 'privileged' | 'baseline' | 'restricted';

/** A level of the standards as some minor version of Kubernetes has it. */
export interface LevelVersion {
  level: Level;
  /** `latest`, or `v1.25`. */
  version: string;
}

export type Mode = 'enforce' | 'audit' | 'warn';
export type Policy = Readonly<Record<Mode, LevelVersion>>;

const PREFIX = 'pod-security.kubernetes.io/';
const levels: readonly string[] = ['privileged', 'baseline', 'restricted'];

/** What a namespace's labels ask for. What they say wrongly is an error, and for enforcing counts as the strictest. */
export function policyOf(labels: Readonly<Record<string, string>> = {}): { policy: Policy; problems: FieldError[] } {
  const problems: FieldError[] = [];
  const read = (mode: Mode): LevelVersion => {
    const level = labels[PREFIX + mode] ?? 'privileged';
    const version = labels[`${PREFIX}${mode}-version`] ?? 'latest';
    const knownLevel = levels.includes(level);
    const knownVersion = /^(latest|v1\.(0|[1-9]\d{0,4}))$/.test(version);
    if (!knownLevel) problems.push(labelProblem(mode, level, 'must be one of privileged, baseline, restricted'));
    if (!knownVersion) problems.push(labelProblem(`${mode}-version`, version, 'must be "latest" or "v1.x"'));
    return {
      level: knownLevel ? (level as Level) : mode === 'enforce' ? 'restricted' : 'privileged',
      version: knownVersion ? version : 'latest',
    };
  };
  const policy = { enforce: read('enforce'), audit: read('audit'), warn: read('warn') };
  const { [`${PREFIX}enforce`]: enforced = '', [`${PREFIX}warn`]: warned, [`${PREFIX}warn-version`]: version } = labels;
  // Who is held to a level and told nothing of warnings is warned of that level too.
  if (warned === undefined && levels.includes(enforced)) {
    policy.warn = version === undefined ? policy.enforce : { ...policy.enforce, version: policy.warn.version };
  }
  return { policy, problems };
}

function labelProblem(label: string, value: string, detail: string): FieldError {
  return invalidValue(fieldPath('metadata', 'labels').key(PREFIX + label), value, detail);
}

export function showLevel({ level, version }: LevelVersion): string {
  return `${level}:${version}`;
}

export function sameLevel(a: LevelVersion, b: LevelVersion): boolean {
  return a.level === b.level && a.version === b.version;
}

/** Whether a level allows less than another. */
export function isStricter(a: Level, b: Level): boolean {
  return levels.indexOf(a) > levels.indexOf(b);
}

/** What is wrong with a pod at a level; empty: nothing. */
export function violationsOf(pod: CheckedPod, { level, version }: LevelVersion): Violation[] {
  const minor = version === 'latest' ? Number.POSITIVE_INFINITY : Number(version.slice('v1.'.length));
  return checksOf(level, minor).flatMap((check) => check.run(pod, minor) ?? []);
}

function checksOf(level: Level, minor: number): readonly Check[] {
  if (level === 'privileged') return [];
  const inForce = (checks: readonly Check[]): Check[] => checks.filter(({ since }) => since <= minor);
  if (level === 'baseline') return inForce(baselineChecks);
  const restricted = inForce(restrictedChecks);
  const overridden = new Set(restricted.flatMap(({ overrides = [] }) => overrides));
  return [...inForce(baselineChecks).filter(({ id }) => !overridden.has(id)), ...restricted];
}

/** All of it in one text: `host namespaces (hostPID=true), privileged (…)`. */
export function describe(violations: readonly Violation[]): string {
  return violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');
}

/** The same without details. */
export function reasonsOf(violations: readonly Violation[]): string {
  return violations.map(({ reason }) => reason).join(', ');
}
