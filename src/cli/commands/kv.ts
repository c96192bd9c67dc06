import type { Command } from 'commander';
import { errorCode, errorMessage, KeelsonError } from '../../base/index.ts';
import { importStore, type KeyValue, type Store } from '../../peer/index.ts';
import { openAccess } from '../access.ts';
import { keyFromText, keyToText, readableEntry } from '../key-text.ts';
import { dataDirOption, positiveInteger } from '../options.ts';
import { parseTxn, readableTxn } from '../txn.ts';

interface KvOptions {
  dataDir: string;
  json?: boolean;
  prefix?: boolean;
}

const help = `
The store that the peers replicate, by itself: keys and values with revisions,
transactions, watches and leases, as etcd has them. Keys and values are text, in
UTF-8. The Kubernetes API keeps its objects under /registry/: leave those to it.

Examples:
  keelson kv put greeting hello
  keelson kv get greeting
  keelson kv get --prefix --json ""
  keelson kv watch --prefix greet
`;

const getHelp = `
Prints the value; with --prefix, lines of key, tab and value.

Exit status: 0; 1 when the key is not there, or after an error.
`;

const txnHelp = `
A JSON object of three lists, each of which may be left out: when all of
"compare" hold, "then" is carried out, else "else", all at one revision.

  compare     {"key", "target", "operator", "operand"}
    target    value, version, createRevision, modRevision or lease
    operator  =, !=, < or >
  then, else  {"type": "put", "key", "value", "lease"?}
              {"type": "delete", "key", "end"?}
              {"type": "range", "request": {"key", "end"?, "limit"?}}
              {"type": "txn", "request": {"compare", "then", "else"}}

A key that is not there has version 0.

Exit status: 0; 1 when a compare did not hold, or after an error.

Example, which takes a lock:
  keelson kv txn '{
    "compare": [{"key": "lock", "target": "version",
                 "operator": "=", "operand": 0}],
    "then": [{"type": "put", "key": "lock", "value": "mine"}]}'
`;

const leaseHelp = `
A lease ends after its seconds unless it is renewed, and takes its keys with it.

Example:
  keelson kv lease grant 60
  keelson kv put --lease ID session here
`;

/** `keelson kv …`: the replicated store by itself, as a small etcd. */
export function addKvCommands(program: Command): void {
  const kv = program.command('kv').description('read, write and watch the replicated store').addHelpText('after', help);

  command(kv, 'get <key>', 'print the value of a key')
    .option('--prefix', 'all keys that begin with it')
    .option('--revision <n>', 'as it was at this revision', positiveInteger)
    .option('--limit <n>', 'at most so many keys', positiveInteger)
    .option('--json', 'print revisions as well, a line of JSON for each key')
    .addHelpText('after', getHelp)
    .action(async (key: string, options: KvOptions & { revision?: number; limit?: number }) => {
      await withStore(options, async (store) => {
        const { revision = 0, limit = 0 } = options;
        const { kvs } = await store.range({ ...(await range(key, options)), revision, limit });
        for (const entry of kvs) print(entry, options);
        if (kvs.length === 0 && options.prefix !== true) process.exitCode = 1;
      });
    });

  command(kv, 'put <key> <value>', 'write a key')
    .option('--lease <id>', 'delete it when this lease ends', positiveInteger)
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

  command(kv, 'txn <json>', 'compare and write several keys in one step')
    .addHelpText('after', txnHelp)
    .action(async (json: string, options: KvOptions) => {
      const request = parseTxn(json);
      await withStore(options, async (store) => {
        const result = await store.txn(request);
        console.log(JSON.stringify(readableTxn(result)));
        if (!result.succeeded) process.exitCode = 1;
      });
    });

  command(kv, 'watch <key>', 'print changes, a line of JSON each, until Ctrl-C')
    .option('--prefix', 'all keys that begin with it')
    .option('--revision <n>', 'from this revision on; default: from now on', positiveInteger)
    .action(async (key: string, options: KvOptions & { revision?: number }) => {
      await withStore(options, async (store) => {
        const target = await range(key, options);
        await new Promise((_, reject) => {
          store.watch({
            ...target,
            ...(options.revision === undefined ? {} : { fromRevision: options.revision }),
            listener({ events }) {
              for (const { type, kv: entry } of events) console.log(JSON.stringify({ type, ...readableEntry(entry) }));
            },
            onEnd: reject,
          });
        });
      });
    });

  addLeaseCommands(kv);
}

function addLeaseCommands(kv: Command): void {
  const lease = kv
    .command('lease')
    .description('leases: keys that end with their holder')
    .addHelpText('after', leaseHelp);
  leaseCommand(lease, 'grant', 'make a lease', 'seconds', async (store, seconds) => {
    const { id, ttl } = await store.leaseGrant({ ttl: seconds });
    console.log(`lease ${id} granted for ${ttl} s`);
  });
  leaseCommand(lease, 'keep-alive', 'renew a lease once', 'id', async (store, id) => {
    const { ttl } = await store.leaseKeepAlive(id);
    console.log(`lease ${id} renewed for ${ttl} s`);
  });
  leaseCommand(lease, 'revoke', 'end a lease and delete its keys', 'id', async (store, id) => {
    await store.leaseRevoke(id);
    console.log(`lease ${id} revoked`);
  });
  command(lease, 'list', 'print all leases').action(async (options: KvOptions) => {
    await withStore(options, async (store) => {
      for (const id of await store.leases()) console.log(String(id));
    });
  });
}

/** A command on leases whose one argument is a number. */
function leaseCommand(
  lease: Command,
  name: string,
  description: string,
  argument: string,
  act: (store: Store, value: number) => Promise<void>,
): void {
  command(lease, name, description)
    .argument(`<${argument}>`, `a ${argument === 'id' ? 'lease' : 'time'}`, positiveInteger)
    .action(async (value: number, options: KvOptions) => {
      await withStore(options, (store) => act(store, value));
    });
}

function command(parent: Command, usage: string, description: string): Command {
  return parent.command(usage).description(description).addOption(dataDirOption());
}

async function withStore(options: KvOptions, use: (store: Store) => Promise<void>): Promise<void> {
  const { servers, tls } = openAccess(options.dataDir);
  const { connectStore } = await importStore();
  let store: Store | undefined;
  try {
    store = await connectStore({ urls: servers, tls });
    await use(store);
  } catch (error) {
    throw explained(error);
  } finally {
    await store?.close();
  }
}

/** Says what to do where the store alone can't know. */
function explained(error: unknown): unknown {
  switch (errorCode(error)) {
    case 'UNAVAILABLE':
      return new KeelsonError('UNAVAILABLE', `no peer answers: "keelson up" starts them (${errorMessage(error)})`);
    case 'TIMEOUT':
      return new KeelsonError(
        'TIMEOUT',
        'no answer in time; a write may have been done all the same: "keelson status" tells whether a majority of the peers is up',
      );
    default:
      return error;
  }
}

async function range(key: string, { prefix }: KvOptions): Promise<{ key: string; end?: string }> {
  const from = keyFromText(key);
  return prefix === true ? { key: from, end: (await importStore()).prefixEnd(from) } : { key: from };
}

function print(entry: KeyValue, { json, prefix }: KvOptions): void {
  if (json === true) console.log(JSON.stringify(readableEntry(entry)));
  else if (prefix === true) console.log(`${keyToText(entry.key)}\t${Buffer.from(entry.value)}`);
  else console.log(Buffer.from(entry.value).toString());
}
