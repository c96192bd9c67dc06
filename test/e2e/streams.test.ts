import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { PassThrough, Writable } from 'node:stream';
import { Attach, Cp, Exec, KubeConfig, PortForward, type V1Status } from '@kubernetes/client-node';
import test, { type ExecutionContext } from 'ava';
import { WebSocket } from 'ws';
import { oldKubectl } from '../support/kubectl.ts';
import { temporaryFolder } from './support/files.ts';
import { processesWith } from './support/processes.ts';
import { clusterUser } from './support/user.ts';

const user = clusterUser(test);
const files = temporaryFolder(test);
const megabytes = randomBytes(8_000_000);
writeFileSync(join(files, 'megabytes'), megabytes);

/** Pods of other clusters on this machine may have the same addresses. */
const webPort = 20_000 + (process.pid % 10_000);
/** Answers any request over HTTP at the pod's own address, with the path and how much came; and has a page. */
const server = `require("http").createServer((q,s)=>{let n=0;if(q.url=="/page")return s.setHeader("content-type","text/html").end("<a href=\\"/next\\">next</a>");q.on("data",c=>n+=c.length);q.on("end",()=>s.end(q.url+" "+n))}).listen(${webPort},process.env.IP)`;

// Serial, hence before all the others.
test.serial('pods to work with', async (t) => {
  await user.enterNamespace('streams');
  await user.sh(
    'kubectl apply -f -',
    `
apiVersion: v1
kind: Pod
metadata: {name: work}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: main, image: host, command: [sh, -c, 'echo begun; exec sleep 10000'], env: [{name: WHERE, value: main}]}
    - {name: side, image: host, command: [sleep, '10000'], env: [{name: WHERE, value: side}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: host
      command: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(server)}]
      env: [{name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}]
      readinessProbe: {tcpSocket: {port: ${webPort}}, periodSeconds: 1}
`,
  );
  await user.sh('kubectl wait --for=condition=Ready pod/work pod/web');
  t.pass();
});

/** A pod that says again whatever line it is told. */
const talker = (name: string): string => `
apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: host
      stdin: true
      command: [sh, -c, 'echo early; while read -r line; do echo "<$line>"; done']
`;

/** Runs the same with kubectl 1.35, which speaks WebSocket, and with 1.20, which speaks SPDY. */
function bothKubectls(what: string, run: (t: ExecutionContext, kubectl: string) => Promise<void>): void {
  test(`kubectl 1.35: ${what}`, (t) => run(t, 'kubectl'));
  test(`kubectl 1.20: ${what}`, async (t) => {
    const old = oldKubectl();
    if (old !== undefined) return run(t, old);
    if (process.env['CI']) t.fail("CI must have Debian's kubernetes-client");
    else {
      t.log("left out: Debian's kubernetes-client (kubectl 1.20) is not here");
      t.pass();
    }
  });
}

bothKubectls('exec: output, errors, exit codes, input', async (t, kubectl) => {
  t.is(await user.sh(`${kubectl} exec work -c side -- sh -c 'echo $WHERE'`), 'side\n');
  t.is(await user.sh(`${kubectl} exec work -c main -- sh -c 'echo out; echo err >&2' 2>/dev/null`), 'out\n');
  t.is(await user.sh(`${kubectl} exec work -c main -- sh -c 'echo out; echo err >&2' 2>&1 >/dev/null`), 'err\n');
  t.is(await user.fails(`${kubectl} exec work -c main -- sh -c 'exit 7'`), 'command terminated with exit code 7');
  t.is(await user.sh(`${kubectl} exec work -c main -- sh -c 'exit 7' 2>/dev/null || echo $?`), '7\n');
  t.is(await user.sh(`echo some | ${kubectl} exec -i work -c main -- wc -c`), '5\n');
  t.is(
    await user.sh(`${kubectl} exec -i work -c main -- cat <${files}/megabytes | cmp - ${files}/megabytes && echo same`),
    'same\n',
  );
});

bothKubectls('exec: what can not be', async (t, kubectl) => {
  t.is(await user.fails(`${kubectl} exec nobody -- true`), 'Error from server (NotFound): pods "nobody" not found');
  t.is(
    await user.fails(`${kubectl} exec work -c other -- true`),
    'Error from server (BadRequest): container other is not valid for pod work',
  );
  t.regex(
    await user.fails(`${kubectl} exec work -c main -- no-such-program`),
    /^error: Internal error occurred: error executing command in container: .*exec: "no-such-program": executable file not found in \$PATH$/,
  );
});

bothKubectls('exec in a terminal: size, resizing, Ctrl-C, exit code', async (t, kubectl) => {
  const terminal = user.terminal(`stty rows 33 cols 99; ${kubectl} exec -it work -c main -- bash --norc`);
  // The size comes after the command has begun.
  terminal.type(
    'until [ "$(stty size)" = "33 99" ]; do sleep 0.05; done; test -t 0 && test -t 1 && echo "a terminal"\r',
  );
  await terminal.until(/\ra terminal\r\n/);
  terminal.type('echo "from now on"; until [ "$(stty size)" = "22 77" ]; do sleep 0.05; done; echo "and resized"\r');
  await terminal.until(/from now on\r/);
  await terminal.resize(77, 22);
  await terminal.until(/and resized\r/);
  // Ctrl-C also drops what was typed before: only once the program runs.
  terminal.type('echo "going to sleep"; sleep 1000\r');
  await terminal.until(/going to sleep\r/);
  terminal.type('\x03');
  await terminal.until(/\^C/);
  terminal.type('exit 6\r');
  t.is(await terminal.ended(), 6);
});

bothKubectls('run -it --rm: a shell of its own, gone afterwards', async (t, kubectl) => {
  const name = kubectl === 'kubectl' ? 'new-shell' : 'old-shell';
  const terminal = user.terminal(`${kubectl} run ${name} -it --rm --restart=Never --image=host -- sh`);
  await terminal.until(/If you don't see a command prompt, try pressing enter/);
  terminal.type('echo $((40+2)); exit 3\r');
  await terminal.until(/\r\n42\r\n/);
  t.is(await terminal.ended(), 3);
  t.is(await user.sh(`kubectl get pod ${name} --ignore-not-found`), '');
});

bothKubectls('run -i --rm: a filter', async (t, kubectl) => {
  const name = kubectl === 'kubectl' ? 'new-filter' : 'old-filter';
  const run = `${kubectl} run ${name} -i --rm --quiet --restart=Never --image=host`;
  t.is(await user.sh(`${run} -- wc -c <${files}/megabytes`), '8000000\n');
});

bothKubectls('attach: what is said from now on', async (t, kubectl) => {
  const name = kubectl === 'kubectl' ? 'new-talker' : 'old-talker';
  await user.sh('kubectl apply -f -', talker(name));
  await user.sh(`kubectl wait --for=condition=Ready pod/${name}`);
  const listener = user.background(`${kubectl} attach ${name} 2>&1`);
  // It has no end of its own, whatever its input has.
  const speaker = user.background(
    `${kubectl} attach -i ${name} < <(for i in $(seq 1000); do echo $i; sleep 0.1; done)`,
  );
  await listener.until(/<\d+>/);
  await speaker.until(/<5>/);
  t.notRegex(listener.output() + speaker.output(), /early/);
  await listener.interrupt();
  await speaker.interrupt();
  t.regex(await user.sh(`kubectl logs ${name}`), /^early\n<1>\n<2>\n/);
});

bothKubectls('port-forward: many connections, large bodies, a port where nobody listens', async (t, kubectl) => {
  const forward = user.background(`${kubectl} port-forward pod/web :${webPort} :9 2>&1`);
  const output = await forward.until(/127\.0\.0\.1:\d+ -> 9\n/);
  const [, port] = new RegExp(`127\\.0\\.0\\.1:(\\d+) -> ${webPort}`).exec(output)!;
  const answers = await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const response = await fetch(`http://127.0.0.1:${port}/${i}`, {
        method: 'POST',
        body: megabytes.subarray(0, i * 100_000),
      });
      return response.text();
    }),
  );
  t.deepEqual(
    answers,
    answers.map((_, i) => `/${i} ${i * 100_000}`),
  );
  const [, dead] = /127\.0\.0\.1:(\d+) -> 9\n/.exec(output)!;
  await t.throwsAsync(fetch(`http://127.0.0.1:${dead}/`));
  await forward.until(/error forwarding port 9 to pod web, uid [-0-9a-f]+: .*connection refused/);
  await forward.interrupt();
});

bothKubectls('cp: there and back, files and folders', async (t, kubectl) => {
  const there = `/tmp/keelson-cp-${process.pid}-${kubectl.length}`;
  await user.sh(`${kubectl} exec work -c main -- mkdir -m 777 ${there}`);
  await user.sh(`mkdir -p ${files}/folder/inner && echo deep >${files}/folder/inner/file`);
  await user.sh(`${kubectl} cp ${files}/megabytes work:${there}/copy -c main`);
  await user.sh(`${kubectl} cp work:${there}/copy ${files}/back-${kubectl.length} -c main 2>/dev/null`);
  t.true(readFileSync(join(files, `back-${kubectl.length}`)).equals(megabytes));
  await user.sh(`${kubectl} cp ${files}/folder streams/work:${there} -c main`);
  t.is(await user.sh(`${kubectl} exec work -c main -- cat ${there}/folder/inner/file`), 'deep\n');
  await user.sh(`${kubectl} exec work -c main -- rm -r ${there}`);
});

bothKubectls('a client that is killed leaves no process behind', async (t, kubectl) => {
  const mark = `MARK=${kubectl.length}`;
  const line = (kind: string): string =>
    `${kubectl} exec ${kind} work -c main -- env ${mark} sh -c 'echo up; trap "" HUP TERM INT; sleep 1000 & wait'`;
  for (const terminal of [user.terminal(line('-it')), user.terminal(line('-i'))]) {
    await terminal.until(/up/);
    terminal.kill();
    await terminal.ended();
  }
  while (processesWith(mark).length > 0) await new Promise((resolve) => setTimeout(resolve, 20));
  t.pass();
});

test('every peer is a way to every pod', async (t) => {
  for (const address of user.cluster.servers) {
    for (const pod of ['work', 'web']) {
      const echoed = await user.sh(`echo ${pod} | kubectl --server ${address} exec -i ${pod} -c main -- cat`);
      t.is(echoed, `${pod}\n`);
    }
  }
});

test('logs over WebSocket, in bytes or base64', async (t) => {
  const [server] = user.cluster.servers;
  const read = async (protocols: string[]): Promise<[protocol: string, messages: string[]]> => {
    const url = `${server!.replace('https', 'wss')}/api/v1/namespaces/streams/pods/work/log?container=main`;
    const socket = new WebSocket(url, protocols, user.cluster.tls);
    const messages: string[] = [];
    socket.on('message', (data) => messages.push(String(data)));
    await once(socket, 'close');
    return [socket.protocol, messages];
  };
  t.deepEqual(await read([]), ['', ['', 'begun\n']]);
  t.deepEqual(await read(['binary.k8s.io']), ['binary.k8s.io', ['', 'begun\n']]);
  t.deepEqual(await read(['odd', 'base64.binary.k8s.io']), ['base64.binary.k8s.io', ['', btoa('begun\n')]]);
  await t.throwsAsync(read(['odd']), { message: /400/ });
});

test('pages of a pod are read through its proxy: links in them lead on', async (t) => {
  const proxy = `/api/v1/namespaces/streams/pods/web:${webPort}/proxy`;
  t.is(await user.sh(`kubectl get --raw ${proxy}/page`), `<a href="${proxy}/next">next</a>`);
});

test('a slow reader is bounded in memory', async (t) => {
  const rss = (): number =>
    [1, 2, 3].reduce((sum, peer) => {
      const status = readFileSync(`/proc/${user.cluster.pid(peer)}/status`, 'utf8');
      return sum + Number(/^VmRSS:\s+(\d+)/m.exec(status)![1]);
    }, 0);
  const before = rss();
  // A kubectl that nobody reads from stops reading itself.
  const stuck = user.background(
    'kubectl exec work -c main -- head -c 2000000000 /dev/zero | (sleep 4; head -c 5 | wc -c)',
  );
  await new Promise((resolve) => setTimeout(resolve, 3_000));
  const grown = (rss() - before) / 1024;
  t.true(grown < 150, `the peers grew by ${grown} MiB`);
  await stuck.until(/5/);
});

test('who may only read may not run commands', async (t) => {
  await user.sh(
    'kubectl create role peeker --verb=get --resource=pods,pods/exec && kubectl create rolebinding peeker --role=peeker --user=peeker',
  );
  t.regex(
    await user.fails('kubectl --as=peeker exec work -c main -- true'),
    /pods "work" is forbidden: User "peeker" cannot create resource "pods\/exec" in API group "" in the namespace "streams"/,
  );
});

test('without an upgrade there is nothing to see', async (t) => {
  const answer = await user.fails(
    'kubectl get --raw "/api/v1/namespaces/streams/pods/work/exec?command=true&container=main"',
  );
  t.is(answer, 'Error from server (BadRequest): Upgrade request required');
});

function config(): KubeConfig {
  const kubeConfig = new KubeConfig();
  kubeConfig.loadFromFile(user.cluster.kubeconfig);
  return kubeConfig;
}

function sink(): { stream: Writable; text(): string } {
  const chunks: Buffer[] = [];
  const write = (chunk: Buffer, _encoding: string, done: () => void): void => {
    chunks.push(chunk);
    done();
  };
  return { stream: new Writable({ write }), text: () => Buffer.concat(chunks).toString() };
}

test('@kubernetes/client-node: exec', async (t) => {
  const [out, err, input] = [sink(), sink(), new PassThrough()];
  const status = new Promise<V1Status>((resolve) => {
    const command = ['sh', '-c', 'read -r line; echo "<$line>"; echo no >&2; exit 4'];
    void new Exec(config()).exec('streams', 'work', 'main', command, out.stream, err.stream, input, false, resolve);
  });
  input.write('hello\n');
  const { reason, details, message } = await status;
  t.is(out.text(), '<hello>\n');
  t.is(err.text(), 'no\n');
  t.is(reason, 'NonZeroExitCode');
  t.deepEqual(details?.causes, [{ reason: 'ExitCode', message: '4' }]);
  t.is(message, 'command terminated with non-zero exit code: exit status 4');
});

test('@kubernetes/client-node: attach', async (t) => {
  await user.sh('kubectl apply -f -', talker('echo'));
  await user.sh('kubectl wait --for=condition=Ready pod/echo');
  const [input, output] = [new PassThrough(), new PassThrough()];
  const socket = await new Attach(config()).attach('streams', 'echo', 'main', output, null, input, false);
  input.write('ho\n');
  const [first] = (await output.take(1).toArray()) as Buffer[];
  t.is(first!.toString(), '<ho>\n');
  socket.close();
});

test('@kubernetes/client-node: port-forward', async (t) => {
  const forward = new PortForward(config());
  const local = createServer((socket) => {
    void forward.portForward('streams', 'web', [webPort], socket, null, socket);
  });
  await new Promise<void>((resolve) => local.listen(0, '127.0.0.1', resolve));
  t.teardown(() => void local.close());
  const { port } = local.address() as { port: number };
  const response = await fetch(`http://127.0.0.1:${port}/lib`, {
    method: 'POST',
    body: 'abc',
    headers: { connection: 'close' },
  });
  t.is(await response.text(), '/lib 3');
});

test('@kubernetes/client-node: cp', async (t) => {
  const there = `/tmp/keelson-lib-${process.pid}`;
  const cp = new Cp(config());
  await user.sh(`kubectl exec work -c main -- sh -c 'mkdir ${there} && echo copied >${there}/it'`);
  await cp.cpFromPod('streams', 'work', 'main', 'it', files, there);
  // It does not wait for the end of what it has begun.
  const until = async (look: () => Promise<string>): Promise<void> => {
    while ((await look().catch(() => '')) !== 'copied\n') await new Promise((resolve) => setTimeout(resolve, 50));
  };
  await until(async () => readFileSync(join(files, 'it'), 'utf8'));
  await user.sh(
    `mkdir ${files}/lib && cp ${files}/it ${files}/lib/again && kubectl exec work -c main -- mkdir ${there}/new`,
  );
  await cp.cpToPod('streams', 'work', 'main', join(files, 'lib'), `${there}/new`);
  await until(() => user.sh(`kubectl exec work -c main -- cat ${there}/new/again`));
  t.pass();
  await user.sh(`kubectl exec work -c main -- rm -r ${there}`);
});
