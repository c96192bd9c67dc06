import type { Command } from 'commander';
import { KeelsonError } from '../../base/index.ts';
import { importStore, type KeyValue, type Store, type TxnRequest } from '../../peer/index.ts';
import { openAccess } from '../access.ts';
import { dataDirOption } from '../options.ts';

interface KvOptions {
  dataDir: string;
  json?: boolean;
  prefix?: boolean;
}

/** `keelson kv …`: the replicated store by itself, as a small etcd. Keys are text, in UTF-8. */
export function addKvCommands(program: Command): void {
  const kv = program.command('kv').description('read, write and watch the replicated store');

  command(kv, 'get <key>', 'print the value of a key')
    .option('--prefix', 'all keys that begin with it')
    .option('--revision <n>', 'as it was at this revision', Number)
    .option('--limit <n>', 'at most so many keys', Number)
    .option('--json', 'print revisions as well')
    .action(async (key: string, options: KvOptions & { revision?: number; limit?: number }) => {
      await withStore(options, async (store) => {
        const { kvs } = await store.range({
          ...(await range(key, options)),
          revision: options.revision ?? 0,
          limit: options.limit ?? 0,
        });
        for (const entry of kvs) print(entry, options);
        if (kvs.length === 0 && options.prefix !== true) process.exitCode = 1;
      });
    });

  command(kv, 'put <key> <value>', 'write a key')
    .option('--lease <id>', 'delete it when this lease ends', Number)
    .action(async (key: string, value: string, options: KvOptions & { lease?: number }) => {
      await withStore(options, async (store) => {
        const { revision } = await store.put(keyFromText(key), Buffer.from(value), { lease: options.lease ?? 0 });
        console.log(`revision ${revision}`);
      });
    });

  command(kv, 'del <key>', 'delete a key')
    .option('--prefix', 'all keys that begin with it')
    .action(async (key: string, options: KvOptions) => {
      await withStore(options, async (store) => {
        const { key: from, end } = await range(key, options);
        const { deleted } = await store.delete(from, end);
        console.log(`${deleted} deleted`);
      });
    });

  command(
    kv,
    'txn <json>',
    'run {"compare":[{"key","target","operator","operand"}],"then":[{"type":"put","key","value"}],"else":[…]}',
  ).action(async (json: string, options: KvOptions) => {
    await withStore(options, async (store) => {
      const { succeeded, revision } = await store.txn(parseTxn(json));
      console.log(JSON.stringify({ succeeded, revision }));
      if (!succeeded) process.exitCode = 1;
    });
  });

  command(kv, 'watch <key>', 'print changes, a line of JSON each')
    .option('--prefix', 'all keys that begin with it')
    .option('--revision <n>', 'from this revision on', Number)
    .action(async (key: string, options: KvOptions & { revision?: number }) => {
      await withStore(options, async (store) => {
        const target = await range(key, options);
        await new Promise((_, reject) => {
          store.watch({
            ...target,
            ...(options.revision === undefined ? {} : { fromRevision: options.revision }),
            listener({ events }) {
              for (const { type, kv: entry } of events) console.log(JSON.stringify({ type, ...readable(entry) }));
            },
            onEnd: reject,
          });
        });
      });
    });

  const lease = kv.command('lease').description('leases: keys that end with their holder');
  command(lease, 'grant <seconds>', 'make a lease').action(async (seconds: string, options: KvOptions) => {
    await withStore(options, async (store) => {
      const { id, ttl } = await store.leaseGrant({ ttl: wholeNumber(seconds, 'seconds') });
      console.log(`lease ${id} granted for ${ttl} s`);
    });
  });
  command(lease, 'keep-alive <id>', 'renew a lease once').action(async (id: string, options: KvOptions) => {
    await withStore(options, async (store) => {
      const { ttl } = await store.leaseKeepAlive(wholeNumber(id, 'id'));
      console.log(`lease ${id} renewed for ${ttl} s`);
    });
  });
  command(lease, 'revoke <id>', 'end a lease and delete its keys').action(async (id: string, options: KvOptions) => {
    await withStore(options, async (store) => {
      await store.leaseRevoke(wholeNumber(id, 'id'));
      console.log(`lease ${id} revoked`);
    });
  });
  command(lease, 'list', 'print all leases').action(async (options: KvOptions) => {
    await withStore(options, async (store) => {
      for (const id of await store.leases()) console.log(String(id));
    });
  });
}

function command(parent: Command, usage: string, description: string): Command {
  return parent.command(usage).description(description).addOption(dataDirOption());
}

async function withStore(options: KvOptions, use: (store: Store) => Promise<void>): Promise<void> {
  const { servers, tls } = openAccess(options.dataDir);
  const { connectStore } = await importStore();
  const store = await connectStore({ urls: servers, tls });
  try {
    await use(store);
  } finally {
    await store.close();
  }
}

/** The store's keys are byte strings: text goes in as UTF-8. */
function keyFromText(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function keyToText(key: string): string {
  return Buffer.from(key, 'latin1').toString('utf8');
}

async function range(key: string, { prefix }: KvOptions): Promise<{ key: string; end?: string }> {
  const from = keyFromText(key);
  return prefix === true ? { key: from, end: (await importStore()).prefixEnd(from) } : { key: from };
}

function print(entry: KeyValue, { json, prefix }: KvOptions): void {
  if (json === true) console.log(JSON.stringify(readable(entry)));
  else if (prefix === true) console.log(`${keyToText(entry.key)}\t${Buffer.from(entry.value)}`);
  else console.log(Buffer.from(entry.value).toString());
}

function readable({ key, value, ...rest }: KeyValue): object {
  return { key: keyToText(key), value: Buffer.from(value).toString(), ...rest };
}

function wholeNumber(text: string, name: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new KeelsonError('INVALID', `${name} must be a positive whole number, not "${text}"`);
  return value;
}

/** Reads a transaction whose keys and values are text. */
function parseTxn(json: string): TxnRequest {
  const convert = (value: unknown, name: string): unknown => {
    if (name === 'key' || name === 'end') return keyFromText(String(value));
    if (name === 'value') return Buffer.from(String(value));
    if (name === 'operand' && typeof value === 'string') return Buffer.from(value);
    if (Array.isArray(value)) return value.map((item) => convert(item, ''));
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([field, inner]) => [field, convert(inner, field)]));
  };
  try {
    const { compare = [], then = [], else: otherwise = [] } = convert(JSON.parse(json), '') as Partial<TxnRequest>;
    return { compare, then, else: otherwise };
  } catch (error) {
    throw new KeelsonError('INVALID', `the transaction is not JSON: ${(error as Error).message}`);
  }
}
