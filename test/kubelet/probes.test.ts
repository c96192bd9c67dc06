import { createServer } from 'node:http';
import { createServer as createHttp2Server } from 'node:http2';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { v1 } from '../../src/api/index.ts';
import { KeelsonError, seededRandom, systemClock } from '../../src/base/index.ts';
import { ContainerProbes } from '../../src/kubelet/probes/container-probes.ts';
import { type HandlerResult, resolvePort, runHandler } from '../../src/kubelet/probes/handlers.ts';
import { initialProbeState, nextProbeState, type ProbeOutcome } from '../../src/kubelet/probes/probe-state.ts';
import { FakeClock } from '../support/fake-clock.ts';
import { FakeRuntime } from './fake-runtime.ts';

test('a verdict changes after as many in a row as the threshold says, and only then', (t) => {
  const outcome = fc.constantFrom<ProbeOutcome>('success', 'failure');
  const threshold = fc.integer({ min: 1, max: 4 });
  const kind = fc.constantFrom('startup' as const, 'liveness' as const, 'readiness' as const);
  const property = fc.property(
    kind,
    fc.array(outcome),
    threshold,
    threshold,
    (which, outcomes, successes, failures) => {
      const probe = { successThreshold: successes, failureThreshold: failures };
      let state = initialProbeState(which);
      let expected = state.verdict;
      for (const [index, last] of outcomes.entries()) {
        state = nextProbeState(state, last, probe);
        const need = last === 'success' ? successes : failures;
        const recent = outcomes.slice(Math.max(0, index + 1 - need), index + 1);
        if (recent.length === need && recent.every((other) => other === last)) expected = last;
        t.is(state.verdict, expected);
      }
    },
  );
  fc.assert(property);
});

interface Rig {
  clock: FakeClock;
  probes: ContainerProbes;
  runs: string[];
  failures: string[];
  changes: number;
  answer: Record<string, ProbeOutcome>;
}

function rig(
  container: Partial<v1.Container>,
  before?: { started: boolean; ready: boolean },
  answer: Record<string, ProbeOutcome> = {},
): Rig {
  const clock = new FakeClock();
  const result: Rig = { clock, runs: [], failures: [], changes: 0, answer, probes: undefined as never };
  const began = clock.now();
  result.probes = new ContainerProbes({
    container: { name: 'main', ...container },
    clock,
    random: seededRandom(1),
    startedAtMs: began,
    before,
    run: async (probe) => {
      const name = probe.exec!.command![0]!;
      result.runs.push(`${(clock.now() - began) / 1000} ${name}`);
      return { outcome: result.answer[name] ?? 'success', message: `${name} says no` };
    },
    onFailure: (kind, message) => result.failures.push(`${kind}: ${message}`),
    onChange: () => {
      result.changes++;
    },
  });
  return result;
}

const probe = (name: string, fields: v1.Probe = {}): v1.Probe => ({ exec: { command: [name] }, ...fields });

test('without probes a running container is started and ready', (t) => {
  const { probes, clock } = rig({});
  t.true(probes.started && probes.ready);
  t.is(probes.verdict.failed, undefined);
  t.is(clock.pending, 0);
});

test('readiness begins with no, waits initially, and follows its answers', async (t) => {
  const r = rig({ readinessProbe: probe('r', { initialDelaySeconds: 5, periodSeconds: 2, failureThreshold: 2 }) });
  t.false(r.probes.ready);
  await r.clock.advance(4999);
  t.deepEqual(r.runs, []);
  await r.clock.advance(1);
  t.true(r.probes.ready);
  r.answer.r = 'failure';
  await r.clock.advance(2000);
  t.true(r.probes.ready);
  t.deepEqual(r.failures, ['readiness: r says no']);
  await r.clock.advance(2000);
  t.false(r.probes.ready);
  t.is(r.probes.verdict.failed, undefined);
  t.deepEqual(r.runs, ['5 r', '7 r', '9 r']);
  t.is(r.changes, 2);
  r.probes.stop();
  t.is(r.clock.pending, 0);
});

test('liveness asks for an end once, and is not asked any more', async (t) => {
  const r = rig({ livenessProbe: probe('l', { periodSeconds: 10 }) }, undefined, { l: 'failure' });
  await r.clock.advance(20_000);
  t.is(r.probes.verdict.failed, 'liveness');
  await r.clock.advance(100_000);
  t.deepEqual(r.runs, ['0 l', '10 l', '20 l']);
  t.is(r.changes, 1);
});

test('others wait for the startup probe', async (t) => {
  const container = {
    startupProbe: probe('s', { periodSeconds: 1, failureThreshold: 5 }),
    livenessProbe: probe('l', { periodSeconds: 100 }),
    readinessProbe: probe('r', { periodSeconds: 100 }),
  };
  const r = rig(container, undefined, { s: 'failure' });
  await r.clock.advance(3000);
  t.false(r.probes.started || r.probes.ready);
  t.is(r.probes.verdict.failed, undefined);
  r.answer.s = 'success';
  await r.clock.advance(1000);
  t.true(r.probes.started);
  await r.clock.advance(50_000);
  t.true(r.probes.ready);
  t.deepEqual(r.runs, ['0 s', '1 s', '2 s', '3 s', '4 s', '4 l', '4 r']);
});

test('a startup probe that fails for good ends the container', async (t) => {
  const r = rig({ startupProbe: probe('s', { periodSeconds: 1, failureThreshold: 3 }) }, undefined, { s: 'failure' });
  await r.clock.advance(10_000);
  t.like(r.probes.verdict, { started: false, failed: 'startup' });
  t.is(r.runs.length, 3);
});

test('adopted containers are what the API says until a probe says otherwise', async (t) => {
  const container = { startupProbe: probe('s'), readinessProbe: probe('r', { failureThreshold: 1 }) };
  const r = rig(container, { started: true, ready: true }, { r: 'failure' });
  t.true(r.probes.started && r.probes.ready);
  await r.clock.advance(10_000);
  t.false(r.probes.ready);
  t.deepEqual(new Set(r.runs.map((run) => run.split(' ')[1])), new Set(['r']));
});

test('when the pod is ended only readiness goes on', async (t) => {
  const container = {
    livenessProbe: probe('l', { periodSeconds: 1, failureThreshold: 1 }),
    readinessProbe: probe('r', { periodSeconds: 1 }),
  };
  const r = rig(container);
  await r.clock.advance(0);
  r.probes.stopKilling();
  r.answer.l = 'failure';
  await r.clock.advance(5000);
  t.is(r.probes.verdict.failed, undefined);
  t.is(r.runs.filter((run) => run.endsWith('l')).length, 1);
  t.true(r.runs.filter((run) => run.endsWith('r')).length >= 5);
});

// Handlers, against real servers.

async function listen(t: ExecutionContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void server.close());
  return (server.address() as AddressInfo).port;
}

function run(
  handler: v1.ProbeHandler & v1.LifecycleHandler,
  options: { timeoutMs?: number; runtime?: FakeRuntime; container?: Partial<v1.Container>; signal?: AbortSignal } = {},
): Promise<HandlerResult> {
  return runHandler(handler, options.timeoutMs ?? 5000, {
    runtime: options.runtime ?? new FakeRuntime(systemClock),
    clock: systemClock,
    container: { name: 'main', ...options.container },
    containerId: 'id',
    podIP: '127.0.0.1',
    signal: options.signal ?? new AbortController().signal,
  });
}

test('httpGet: path, headers, and which answers are good', async (t) => {
  const seen: unknown[] = [];
  const server = createServer((request, response) => {
    const { url, headers } = request;
    seen.push({ url, agent: headers['user-agent'], host: headers.host, x: headers['x-own'] });
    response.writeHead(Number(url!.split('/')[1])).end('body');
  });
  const port = await listen(t, server);
  const httpHeaders = [
    { name: 'Host', value: 'other' },
    { name: 'X-Own', value: 'a' },
    { name: 'X-Own', value: 'b' },
  ];
  t.deepEqual(await run({ httpGet: { port, path: '/200/x?y=1', httpHeaders } }), {
    outcome: 'success',
    message: 'body',
  });
  t.deepEqual(seen, [{ url: '/200/x?y=1', agent: 'kube-probe/1.35', host: 'other', x: 'a, b' }]);
  const container = { ports: [{ name: 'web', containerPort: port }] };
  t.is((await run({ httpGet: { port: 'web', path: '302' } }, { container })).outcome, 'success');
  t.deepEqual(await run({ httpGet: { port, path: '/500' } }), {
    outcome: 'failure',
    message: 'HTTP probe failed with statuscode: 500',
  });
});

test('httpGet: nobody answers, or too late', async (t) => {
  const silent = await listen(t, createTcpServer());
  const late = await run({ httpGet: { port: silent } }, { timeoutMs: 30 });
  t.is(late.outcome, 'failure');
  t.regex(late.message, /^Get "http:\/\/127\.0\.0\.1:\d+\/": context deadline exceeded/);
  const closed = createTcpServer();
  const port = await listen(t, closed);
  closed.close();
  const refused = await run({ httpGet: { port } });
  t.is(refused.message, `Get "http://127.0.0.1:${port}/": dial tcp 127.0.0.1:${port}: connect: connection refused`);
  const tls = await run({ httpGet: { port, scheme: 'HTTPS' } });
  t.regex(tls.message, /^Get "https:/);
});

test('tcpSocket', async (t) => {
  const server = createTcpServer();
  const port = await listen(t, server);
  t.is((await run({ tcpSocket: { port } })).outcome, 'success');
  server.close();
  t.deepEqual(await run({ tcpSocket: { port } }), {
    outcome: 'failure',
    message: `dial tcp 127.0.0.1:${port}: connect: connection refused`,
  });
});

test('ports by number, name and digits', (t) => {
  const container = { name: 'a', ports: [{ name: 'web', containerPort: 80 }] };
  t.deepEqual([resolvePort(1, container), resolvePort('web', container), resolvePort('99', container)], [1, 80, 99]);
  t.throws(() => resolvePort('none', container), { message: 'couldn\'t find port: "none"' });
});

test('exec: exit code, output, time', async (t) => {
  const runtime = new FakeRuntime(systemClock);
  runtime.exec = async (_, command) => {
    if (command[0] === 'late') throw new KeelsonError('EXEC_TIMEOUT', 'late');
    if (command[0] === 'gone') throw new KeelsonError('NOT_RUNNING', 'container is not running');
    return { exitCode: command[0] === 'yes' ? 0 : 1, stdout: 'out', stderr: 'err' };
  };
  const exec = (name: string) => run({ exec: { command: [name] } }, { runtime, timeoutMs: 1000 });
  t.deepEqual(await exec('yes'), { outcome: 'success', message: 'outerr' });
  t.deepEqual(await exec('no'), { outcome: 'failure', message: 'outerr' });
  t.deepEqual(await exec('late'), { outcome: 'failure', message: 'command timed out: "late" timed out after 1s' });
  t.deepEqual(await exec('gone'), { outcome: 'failure', message: 'container is not running' });
});

test('sleep, and nothing at all', async (t) => {
  const controller = new AbortController();
  const sleeping = run({ sleep: { seconds: 1000 } }, { signal: controller.signal });
  controller.abort();
  t.is((await sleeping).outcome, 'success');
  t.deepEqual(await run({}), { outcome: 'failure', message: 'missing probe handler' });
});

test('grpc: what the health service answers', async (t) => {
  const asked: string[] = [];
  const server = createHttp2Server();
  server.on('stream', (stream) => {
    const chunks: Buffer[] = [];
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => {
      const frame = Buffer.concat(chunks);
      const service = frame.subarray(7).toString();
      asked.push(service);
      if (service === 'unknown') {
        stream.respond(
          { ':status': 200, 'content-type': 'application/grpc', 'grpc-status': '12' },
          { endStream: true },
        );
        return;
      }
      stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': service === 'broken' ? '14' : '0' }));
      const status = service === 'bad' ? 2 : 1;
      stream.end(Buffer.from([0, 0, 0, 0, 2, 8, status]));
    });
  });
  const port = await listen(t, server);
  t.deepEqual(await run({ grpc: { port } }), { outcome: 'success', message: 'service is serving' });
  t.is((await run({ grpc: { port, service: 'bad' } })).message, 'service unhealthy (responded with "NOT_SERVING")');
  t.is((await run({ grpc: { port, service: 'broken' } })).message, 'health rpc failed with code 14');
  t.regex((await run({ grpc: { port, service: 'unknown' } })).message, /does not implement/);
  t.deepEqual(asked, ['', 'bad', 'broken', 'unknown']);
  const silent = await listen(t, createTcpServer());
  t.regex((await run({ grpc: { port: silent } }, { timeoutMs: 30 })).message, /did not complete within 0.03s/);
});
