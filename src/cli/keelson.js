#!/usr/bin/env node
// Starts the command line under a Node that runs TypeScript by itself: this one, or the one that npm brought.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';

const MINIMUM_MAJOR = 24;
const fromRoot = (path) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

if (Number(process.versions.node.split('.')[0]) >= MINIMUM_MAJOR) {
  // Stripped and compiled modules are kept between runs: a peer starts in a fraction of the time, and with less memory. This file
  // is JavaScript so that not even the first module needs the compiler.
  nodeModule.enableCompileCache(fromRoot('node_modules/.cache/keelson/compiled'));
  const { run } = await import('./program.ts');
  await run(process.argv.slice(2));
} else {
  const bundled = fromRoot('node_modules/node/bin/node');
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
