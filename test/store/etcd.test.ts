import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import {
  type Compare,
  createMemoryStore,
  type KeyValue,
  type Operation,
  type OperationResult,
  type RangeRequest,
  type RangeResult,
  type TxnRequest,
  type TxnResult,
} from '../../src/store/index.ts';
import { plain, txns } from './model.ts';

/** The oracle: a real etcd, spoken to through its JSON gateway. Install `etcd-server` to run this. */
const BINARY = '/usr/bin/etcd';

type Json = Record<string, unknown>;

class Etcd {
  readonly #process: ChildProcess;
  readonly #url: string;

  private constructor(process: ChildProcess, url: string) {
    this.#process = process;
    this.#url = url;
  }

  static async start(directory: string): Promise<Etcd> {
    const [client, peer] = [await freePort(), await freePort()].map((port) => `http://127.0.0.1:${port}`) as [
      string,
      string,
    ];
    const child = spawn(
      BINARY,
      [
        ...['--data-dir', directory, '--log-level', 'error', '--initial-cluster', `default=${peer}`],
        ...['--listen-client-urls', client, '--advertise-client-urls', client],
        ...['--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer],
      ],
      { stdio: 'ignore' },
    );
    const etcd = new Etcd(child, client);
    for (;;) {
      try {
        await etcd.call('kv/range', { key: 'AA==' });
        return etcd;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  async call(method: string, body: Json): Promise<Json> {
    const response = await fetch(`${this.#url}/v3/${method}`, { method: 'POST', body: JSON.stringify(body) });
    const answer = (await response.json()) as Json;
    if (!response.ok) throw new Error(String(answer['error']));
    return answer;
  }

  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGKILL');
    await ended;
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}

const base64 = (text: string | Uint8Array): string =>
  (typeof text === 'string' ? Buffer.from(text, 'latin1') : Buffer.from(text)).toString('base64');

/** Requests for etcd, whose revisions are `shift` ahead of ours. */
const requestFor = {
  // etcd knows neither the empty key nor an end beyond all bytes; this is as good for the keys used here.
  range: (key: string, end: string | undefined): Json => ({
    key: base64(key === '' ? '\0' : key),
    ...(end === undefined && key !== '' ? {} : { range_end: base64(end === '\u0100' ? '\xff\xff\xff' : (end ?? '')) }),
  }),
  txn: ({ compare, then, else: otherwise = [] }: TxnRequest, shift: number): Json => ({
    compare: compare.map((each) => requestFor.compare(each, shift)),
    success: then.map((each) => requestFor.operation(each, shift)),
    failure: otherwise.map((each) => requestFor.operation(each, shift)),
  }),
  compare: (compare: Compare, shift: number): Json => {
    const range = requestFor.range(compare.key, compare.end);
    const result = { '=': 'EQUAL', '!=': 'NOT_EQUAL', '<': 'LESS', '>': 'GREATER' }[compare.operator];
    if (compare.target === 'value') return { ...range, result, target: 'VALUE', value: base64(compare.operand) };
    const isRevision = compare.target === 'createRevision' || compare.target === 'modRevision';
    const operand = String(compare.operand > 0 && isRevision ? compare.operand + shift : compare.operand);
    const names = { version: 'VERSION', createRevision: 'CREATE', modRevision: 'MOD', lease: 'LEASE' };
    const fields = {
      version: 'version',
      createRevision: 'create_revision',
      modRevision: 'mod_revision',
      lease: 'lease',
    };
    return { ...range, result, target: names[compare.target], [fields[compare.target]]: operand };
  },
  operation: (operation: Operation, shift: number): Json => {
    switch (operation.type) {
      case 'put':
        return {
          request_put: { key: base64(operation.key), value: base64(operation.value), prev_kv: operation.previous },
        };
      case 'delete':
        return {
          request_delete_range: { ...requestFor.range(operation.key, operation.end), prev_kv: operation.previous },
        };
      case 'range':
        return { request_range: requestFor.read(operation.request) };
      case 'txn':
        return { request_txn: requestFor.txn(operation.request, shift) };
    }
  },
  read: ({ key, end, limit, keysOnly, countOnly, order }: RangeRequest): Json => ({
    ...requestFor.range(key, end),
    limit,
    keys_only: keysOnly,
    count_only: countOnly,
    sort_order: order === 'descend' ? 'DESCEND' : 'NONE',
  }),
};

/** etcd's answers as ours. The gateway leaves out what is zero, and writes numbers as texts. */
const answerOf = {
  keyValue: (kv: Json, shift: number): KeyValue => ({
    key: Buffer.from(String(kv['key']), 'base64').toString('latin1'),
    value: Buffer.from(String(kv['value'] ?? ''), 'base64'),
    createRevision: Number(kv['create_revision']) - shift,
    modRevision: Number(kv['mod_revision']) - shift,
    version: Number(kv['version']),
    lease: Number(kv['lease'] ?? 0),
  }),
  range: (answer: Json, shift: number): Omit<RangeResult, 'revision'> => ({
    kvs: ((answer['kvs'] ?? []) as Json[]).map((kv) => answerOf.keyValue(kv, shift)),
    count: Number(answer['count'] ?? 0),
    more: answer['more'] === true,
  }),
  txn: (answer: Json, shift: number): object => ({
    succeeded: answer['succeeded'] === true,
    results: ((answer['responses'] ?? []) as Json[]).map((each) => answerOf.operation(each, shift)),
  }),
  operation: (answer: Json, shift: number): object => {
    const [[name, content]] = Object.entries(answer) as [[string, Json]];
    const previous = content['prev_kv'] as Json | undefined;
    switch (name) {
      case 'response_put':
        return { type: 'put', previous: previous && answerOf.keyValue(previous, shift) };
      case 'response_delete_range': {
        const all = ((content['prev_kvs'] ?? []) as Json[]).map((kv) => answerOf.keyValue(kv, shift));
        return { type: 'delete', deleted: Number(content['deleted'] ?? 0), previous: all };
      }
      case 'response_range':
        return { type: 'range', result: answerOf.range(content, shift) };
      default:
        return { type: 'txn', result: answerOf.txn(content, shift) };
    }
  },
};

/** Our answer without what etcd doesn't tell within transactions. */
function comparable(result: TxnResult): object {
  const one = (each: OperationResult): object => {
    switch (each.type) {
      case 'put':
        return { type: 'put', previous: each.previous };
      case 'delete':
        return { type: 'delete', deleted: each.deleted, previous: each.previous ?? [] };
      case 'range': {
        const { revision: _, ...rest } = each.result;
        return { type: 'range', result: rest };
      }
      case 'txn':
        return { type: 'txn', result: comparable(each.result) };
    }
  };
  return { succeeded: result.succeeded, results: result.results.map(one) };
}

const runs = existsSync(BINARY) ? test : test.skip;
runs('transactions answer like those of a real etcd', async (t) => {
  const directory = await mkdtemp(path.join(os.tmpdir(), 'keelson-etcd-'));
  const etcd = await Etcd.start(directory);
  try {
    await fc.assert(
      fc.asyncProperty(fc.array(txns, { minLength: 1, maxLength: 12 }), async (requests) => {
        const store = createMemoryStore();
        await etcd.call('kv/deleterange', { key: 'AA==', range_end: 'AA==' });
        const { header } = (await etcd.call('kv/range', { key: 'AA==' })) as { header: Json };
        const shift = Number(header['revision']) - store.local.revision;
        for (const request of requests) {
          const asked = requestFor.txn(request, shift);
          const [ours, theirs] = [await store.txn(request), await etcd.call('kv/txn', asked)];
          assert.deepEqual(plain(comparable(ours)), plain(answerOf.txn(theirs, shift)));
          assert.equal(ours.revision, Number((theirs['header'] as Json)['revision']) - shift);
        }
      }),
      { numRuns: 60 },
    );
  } finally {
    await etcd.stop();
    await rm(directory, { recursive: true });
  }
  t.pass();
});
