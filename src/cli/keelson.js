#!/usr/bin/env node
// Starts the command line under a Node that runs TypeScript by itself: this one, or the one that npm brought.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const MINIMUM_MAJOR = 24;

if (Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR) {
  await import('./main.ts');
} else {
  const bundled = fileURLToPath(new URL('../../node_modules/node/bin/node', import.meta.url));
  if (!existsSync(bundled)) {
    console.error(
      `keelson: Node ${MINIMUM_MAJOR} or newer is needed, this is ${process.version}: run "npm ci", which brings one`,
    );
    process.exit(1);
  }
  const child = spawn(bundled, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
}
