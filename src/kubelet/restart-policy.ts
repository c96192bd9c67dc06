import type { v1 } from '../api/index.ts';

/** Whether a container that has ended with `exitCode` is to run again. */
export function shouldRestart(container: v1.Container, spec: v1.PodSpec, exitCode: number): boolean {
  for (const { action, exitCodes } of container.restartPolicyRules ?? []) {
    if (action === 'Restart' && exitCodes && matches(exitCodes, exitCode)) return true;
  }
  switch (container.restartPolicy ?? spec.restartPolicy ?? 'Always') {
    case 'Never':
      return false;
    case 'OnFailure':
      return exitCode !== 0;
    default:
      return true;
  }
}

/** Whether a container that was killed, as its probe failed or its definition changed, is to run again. */
export function restartsAfterKill(container: v1.Container, spec: v1.PodSpec): boolean {
  return (container.restartPolicy ?? spec.restartPolicy ?? 'Always') !== 'Never';
}

function matches({ operator, values = [] }: v1.ContainerRestartRuleOnExitCodes, exitCode: number): boolean {
  return values.includes(exitCode) === (operator === 'In');
}
