// A small front end: Relay and @graphql-codegen make its types from the schema, tsc finds nothing, and every
// operation it holds runs on the real server with real data.
import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, readFile, readdir } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse, visit } from 'graphql';
import { startServer, yardstick } from './lib/server.mjs';
import { ask, makeCatalogue, makeTenant } from './lib/world.mjs';

const run = (tool, ...args) => {
  const done = spawnSync(process.execPath, [`../node_modules/${tool}`, ...args], { cwd: 'sample-app', encoding: 'utf8', timeout: 120_000 });
  if (done.status !== 0) throw new Error(`${tool}: ${done.error ?? ''}\n${done.stdout}\n${done.stderr}`);
};

/** The documents of the operations folder, each with the fragments it needs. */
async function plainDocuments() {
  const texts = await Promise.all((await readdir('sample-app/operations')).map((file) => readFile(`sample-app/operations/${file}`, 'utf8')));
  const definitions = texts.flatMap((text) => parse(text).definitions);
  const text = ({ loc }) => loc.source.body.slice(loc.start, loc.end);
  const fragments = new Map(definitions.filter(({ kind }) => kind === 'FragmentDefinition').map((one) => [one.name.value, one]));
  const needed = (definition, known = new Set()) => {
    visit(definition, { FragmentSpread: ({ name }) => { if (!known.has(name.value)) { known.add(name.value); needed(fragments.get(name.value), known); } } });
    return known;
  };
  return definitions.filter(({ kind }) => kind === 'OperationDefinition').map((operation) => ({
    name: operation.name.value, kind: operation.operation,
    text: [text(operation), ...[...needed(operation)].map((name) => text(fragments.get(name)))].join('\n'),
  }));
}

/** What relay-compiler wrote: the operations as they are sent. */
async function relayDocuments() {
  const folder = 'sample-app/src/relay/__generated__';
  const documents = [];
  for (const file of await readdir(folder)) {
    const params = /"params": (\{[\s\S]*?\n {2}\})/.exec(await readFile(`${folder}/${file}`, 'utf8'));
    if (!params) continue;
    const { name, operationKind, text } = JSON.parse(params[1]);
    if (createHash('md5').update(text).digest('hex') !== JSON.parse(params[1]).cacheID) throw new Error(`${file} cannot be read`);
    documents.push({ name, kind: operationKind, text });
  }
  return documents;
}

await yardstick('sample app with Relay and codegen', 240, async () => {
  await copyFile('schema.graphql', 'sample-app/schema.graphql');
  await mkdir('sample-app/src/relay/__generated__', { recursive: true });
  run('relay-compiler/cli.js');
  run('@graphql-codegen/cli/cjs/bin.js', '--config', 'codegen.mjs');
  run('typescript/bin/tsc', '-p', '.');

  const server = await startServer({ UNDASH_BILLING_GRACE_MINUTES: '0', UNDASH_WORKER_INTERVAL_MILLISECONDS: '50' });
  const tenant = await makeTenant(server, await makeCatalogue(server), 'Sample', [], { months: 3 });
  let invoice;
  for (const deadline = Date.now() + 30_000; !invoice; await sleep(100)) {
    const { invoices } = await ask(server, '{ invoices { nodes { id state } } }', {}, tenant.key);
    if (invoices.nodes.length === 3) invoice = invoices.nodes.find(({ state }) => state === 'OPEN');
    if (Date.now() > deadline) throw new Error(`${invoices.nodes.length} of 3 invoices within 30 s`);
  }
  const now = Date.now();
  const variables = {
    id: invoice.id, first: 2, subscription: tenant.subscriptionId, subscriptionId: tenant.subscriptionId,
    filter: { state: { in: ['OPEN', 'PAID'] } }, count: 2, cursor: null, last: undefined,
    input: { name: 'Cost', subject: 'COST', subscriptionId: tenant.subscriptionId, thresholds: ['100'] },
    usage: {
      metric: 'requests', granularity: 'DAY', timezone: 'Asia/Kolkata', groupBy: ['PROJECT'],
      window: { gte: new Date(now - 7 * 86_400_000).toISOString(), lt: new Date(now).toISOString() },
    },
  };
  const documents = [...await plainDocuments(), ...await relayDocuments()];
  let ran = 0;
  for (const { name, kind, text } of documents) {
    // Subscriptions have a yardstick of their own; over HTTP they are only validated.
    if (kind === 'subscription') continue;
    const known = [...text.matchAll(/^\s*(?:query|mutation) \w+\s*\(([\s\S]*?)\)\s*\{/gm)].flatMap(([, list]) => [...list.matchAll(/\$(\w+)\s*:/g)].map(([, one]) => one));
    const data = await ask(server, text, Object.fromEntries(known.map((one) => [one, variables[one]])), tenant.key);
    for (const [field, value] of Object.entries(data)) if (value === null) throw new Error(`${name}: ${field} is null`);
    ran += 1;
  }
  return { passed: ran >= 9, summary: `both compilers and tsc clean, ${ran} of ${documents.length} operations run, the rest are subscriptions` };
});
