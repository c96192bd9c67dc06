import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { booleanParameter, type v1 } from '../api/index.ts';
import { errorMessage } from '../base/index.ts';
import { openCommandStreams, openPortStreams, refuseUpgrade, UpgradeRefused } from '../streams/index.ts';
import { dial, forwardPort } from './port-forward.ts';
import { attachCommand, type CommandRequest, execCommand, runCommand } from './remote-command.ts';
import type { HandlerOptions } from './server.ts';

/** The kubelet's endpoints for which a client switches protocols. Who may call them is decided before. */
export function createUpgradeHandler(
  options: HandlerOptions,
): (request: IncomingMessage, socket: Duplex, head: Buffer) => void {
  return (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    serve(options, request, socket, head).catch((error: unknown) => {
      const code = error instanceof UpgradeRefused ? error.httpCode : 500;
      refuseUpgrade(socket, code, errorMessage(error));
    });
  };
}

async function serve(options: HandlerOptions, request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://node');
  const [what, namespace, podName, containerName] = pathname.split('/').slice(1).map(decodeURIComponent);
  const upgrade = { request, socket, head };
  const { clock, runtime } = options;
  switch (what) {
    case 'exec':
    case 'attach': {
      const pod = podOf(options, namespace, podName);
      const container = containerOf(pod, containerName ?? '');
      const command = commandOf(searchParams, container);
      if (what === 'exec' && command.argv.length === 0) {
        throw new UpgradeRefused(400, 'you must specify at least one command for the container');
      }
      const streams = await openCommandStreams(upgrade, command.streams, clock);
      return runCommand(
        streams,
        what === 'exec' ? execCommand(runtime, command) : attachCommand(runtime, command),
        clock,
      );
    }
    case 'portForward': {
      const pod = podOf(options, namespace, podName);
      const address = addressOf(pod);
      return openPortStreams(upgrade, clock, (port) => void forwardPort(pod, address, port));
    }
    case 'dial':
      return dial(upgrade, addressOf(podOf(options, namespace, podName)), Number(containerName));
    default:
      throw new UpgradeRefused(404, 'Not Found');
  }
}

function podOf({ pods }: HandlerOptions, namespace: string | undefined, name: string | undefined): v1.Pod {
  const pod = pods().find(({ metadata }) => metadata.namespace === namespace && metadata.name === name);
  if (!pod) throw new UpgradeRefused(404, `pod "${name}" does not exist`);
  return pod;
}

/** The id by which the runtime knows a container that runs. Of one that never did the kubelet would say that it is not found. */
function containerOf({ metadata, status }: v1.Pod, name: string): string {
  const all = [
    ...(status?.containerStatuses ?? []),
    ...(status?.initContainerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
  const found = all.find((container) => container.name === name);
  const { running, waiting } = found?.state ?? {};
  if (waiting && !found?.lastState?.terminated) {
    // No colon: what reads as a YAML mapping is an empty Status to client-go.
    const why = waiting.reason ?? 'no reason given';
    throw new UpgradeRefused(500, `container "${name}" in pod "${metadata.name}" is waiting to start (${why})`);
  }
  if (!running || !found?.containerID) throw new UpgradeRefused(500, `container not found ("${name}")`);
  return found.containerID.slice(found.containerID.indexOf('://') + 3);
}

function commandOf(query: URLSearchParams, containerId: string): CommandRequest {
  const asked = (name: string): boolean => booleanParameter(query, name) ?? false;
  const tty = asked('tty');
  const streams = { stdin: asked('input'), stdout: asked('output'), stderr: asked('error') && !tty, tty };
  if (!streams.stdin && !streams.stdout && !streams.stderr) {
    throw new UpgradeRefused(400, 'you must specify at least 1 of stdin, stdout, stderr');
  }
  return { containerId, argv: query.getAll('command'), streams };
}

function addressOf({ metadata, status }: v1.Pod): string {
  if (!status?.podIP) throw new UpgradeRefused(500, `pod "${metadata.name}" has no address yet`);
  return status.podIP;
}
