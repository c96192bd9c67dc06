import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestFn } from 'ava';

/** Debian's `etcd-client`. */
const BINARY = '/usr/bin/etcdctl';

/** `test`, or its `skip` where etcd's command is missing; where everything has to be tested, its absence is a failure. */
export function testWithEtcdctl(test: TestFn): TestFn['serial'] | TestFn['skip'] {
  if (existsSync(BINARY)) return test.serial;
  if (process.env['CI'] !== undefined && process.getuid?.() === 0) {
    test('etcdctl is installed', (t) => t.fail(`${BINARY} is missing: apt-get install etcd-client`));
  } else {
    test.skip(`${BINARY} is missing (apt-get install etcd-client): its commands are not tested`, () => {});
  }
  return test.skip;
}

export interface Output {
  code: number;
  stdout: string;
  stderr: string;
}

/** A command under way. */
export interface Running {
  /** What it has printed so far. */
  readonly stdout: string;
  until(isDone: (stdout: string) => boolean): Promise<void>;
  interrupt(): void;
  readonly ended: Promise<Output>;
}

/** etcd's own command, with an identity. */
export class Etcdctl {
  readonly #dir = mkdtempSync(join(tmpdir(), 'keelson-etcdctl-'));
  readonly #endpoints: string;

  constructor(endpoints: readonly string[], tls: { ca: string; cert: string; key: string }) {
    this.#endpoints = endpoints.join(',');
    for (const [name, pem] of Object.entries(tls)) writeFileSync(this.path(name), pem, { mode: 0o600 });
  }

  /** A file beside the certificates. */
  path(name: string): string {
    return join(this.#dir, name);
  }

  start(args: readonly string[], options: { input?: string; endpoint?: string } = {}): Running {
    const child = spawn(
      BINARY,
      [
        ...['--endpoints', options.endpoint ?? this.#endpoints, '--cacert', this.path('ca')],
        ...['--cert', this.path('cert'), '--key', this.path('key'), ...args],
      ],
      { env: { ...process.env, ETCDCTL_API: '3' }, stdio: 'pipe' },
    );
    let [stdout, stderr] = ['', ''];
    let look = (): void => {};
    child.stdout.on('data', (chunk) => {
      stdout += chunk;
      look();
    });
    child.stderr.on('data', (chunk) => {
      stderr += chunk;
    });
    child.stdin.on('error', () => {});
    if (options.input === undefined) child.stdin.end();
    else child.stdin.end(options.input);
    const ended = new Promise<Output>((resolve) => {
      child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
    });
    return {
      get stdout() {
        return stdout;
      },
      until: (isDone) =>
        new Promise((resolve, reject) => {
          look = () => isDone(stdout) && resolve();
          look();
          void ended.then(() => (isDone(stdout) ? resolve() : reject(new Error(`it ended: ${stdout}${stderr}`))));
        }),
      interrupt: () => void child.kill('SIGINT'),
      ended,
    };
  }

  run(args: readonly string[], options: { input?: string; endpoint?: string } = {}): Promise<Output> {
    return this.start(args, options).ended;
  }

  /** What a command prints. Rejects when it fails. */
  async out(...args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.run(args);
    if (code !== 0) throw new Error(`etcdctl ${args.join(' ')}: ${stderr}`);
    return stdout.trimEnd();
  }

  remove(): void {
    rmSync(this.#dir, { recursive: true, force: true });
  }
}
