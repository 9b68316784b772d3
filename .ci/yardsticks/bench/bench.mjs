// Three servers, one PostgreSQL, the same tables: a page of 50 invoices with the organisation and the lines of each,
// and the empty query. Rounds take turns, so that a busy minute of the machine hits everybody; medians count.
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpus, loadavg } from 'node:os';
import WebSocket from 'ws';
import { atEnd, end, freePort, startServer, yardstick } from '../lib/server.mjs';
import { ask, makeCatalogue, makeTenant } from '../lib/world.mjs';
import { startPostgres } from './postgres.mjs';

const { BENCH_ROUNDS = 5, BENCH_SECONDS = 6, BENCH_CONNECTIONS = 32, BENCH_SOCKETS = 2000 } = process.env;
const OURS = `query Page { invoices(first: 50) {
  nodes { id number state issuedAt total { amount currency } organisation { id name } lines { description quantity amount { amount currency } } }
  pageInfo { hasNextPage endCursor } } }`;
const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
const residentKb = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]);
const quiet = async (most) => {
  for (const deadline = Date.now() + 300_000; loadavg()[0] > most && Date.now() < deadline;) await sleep(2_000);
};
const processorSeconds = (pid) => {
  const [user, system] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).map(Number);
  return (user + system) / 100;
};

async function startOther(script, url) {
  const port = await freePort();
  const child = spawn(process.execPath, [script, url, String(port)], { env: { ...process.env, NODE_ENV: 'production', GRAPHILE_ENV: 'production' }, stdio: ['ignore', 'ignore', 'pipe'] });
  let complaints = '';
  child.stderr.on('data', (bytes) => { complaints = (complaints + bytes).slice(-4_000); });
  atEnd(() => end(child, 2_000));
  const server = { child, url: `http://127.0.0.1:${port}/graphql`, headers: {} };
  for (const deadline = Date.now() + 60_000; ; await sleep(200)) {
    const up = await post(server, '{ __typename }').then(({ data }) => data?.__typename === 'Query', () => false);
    if (up) return server;
    if (child.exitCode !== null || Date.now() > deadline) throw new Error(`${script}: ${complaints}`);
  }
}
async function post(server, query, variables) {
  const response = await fetch(server.url, {
    method: 'POST', headers: { 'content-type': 'application/json', ...server.headers }, body: JSON.stringify({ query, variables }),
  });
  return response.json();
}

/** One round of wrk: requests per second, p99 in milliseconds, answers that were not 200, processor time per request. */
async function load(server, query, variables, folder) {
  const script = join(folder, 'post.lua');
  const header = (name, value) => `wrk.headers[${JSON.stringify(name)}] = ${JSON.stringify(value)}\n`;
  writeFileSync(script, `wrk.method = "POST"\nwrk.body = ${JSON.stringify(JSON.stringify({ query, variables }))}\n`
    + header('Content-Type', 'application/json')
    + Object.entries(server.headers).map(([name, value]) => header(name, value)).join('')
    + `done = function(summary, latency) io.write(string.format("RESULT %d %d %d %d\\n", summary.requests, summary.duration, latency:percentile(99), summary.errors.status + summary.errors.timeout + summary.errors.read)) end\n`);
  const before = processorSeconds(server.child.pid);
  const wrk = spawn('wrk', ['-t1', `-c${BENCH_CONNECTIONS}`, `-d${BENCH_SECONDS}s`, '--timeout', '10s', '-s', script, server.url]);
  let text = '';
  let complaints = '';
  wrk.stdout.on('data', (bytes) => { text += bytes; });
  wrk.stderr.on('data', (bytes) => { complaints += bytes; });
  await new Promise((gone) => wrk.once('exit', gone));
  if (!text.includes('RESULT')) throw new Error(`wrk: ${text}${complaints}`);
  const [, requests, micros, p99, errors] = /RESULT (\d+) (\d+) (\d+) (\d+)/.exec(text).map(Number);
  return { rps: requests / (micros / 1e6), p99: p99 / 1_000, errors, cpuMs: (processorSeconds(server.child.pid) - before) * 1_000 / requests };
}

await yardstick('benchmark', 1_800, async () => {
  await quiet(Number(process.env.BENCH_QUIET ?? 1));
  console.log(`  ${cpus().length} processors, load ${loadavg()[0].toFixed(2)} at the start, ${BENCH_ROUNDS} rounds of ${BENCH_SECONDS} s, ${BENCH_CONNECTIONS} connections`);
  const database = await startPostgres();
  // One key asks as fast as it can; the others have no limits either.
  const rates = ['ADDRESS', 'KEY_REQUESTS', 'ORGANISATION_REQUESTS', 'KEY_COST', 'ORGANISATION_COST'];
  const settings = { DATABASE_URL: database, UNDASH_BILLING_GRACE_MINUTES: '0', ...Object.fromEntries(rates.map((rate) => [`UNDASH_RATE_${rate}`, 'off'])) };

  const maker = await startServer({ ...settings, UNDASH_WORKER_INTERVAL_MILLISECONDS: '50' });
  const tenant = await makeTenant(maker, await makeCatalogue(maker, { fees: 3 }), 'Bench', [], { months: 60 });
  for (const deadline = Date.now() + 120_000; ; await sleep(500)) {
    const { invoices } = await ask(maker, '{ invoices(filter: { state: { in: [OPEN] } }) { totalCount } }', {}, tenant.key);
    if (invoices.totalCount >= 60) break;
    if (Date.now() > deadline) throw new Error(`${invoices.totalCount} of 60 invoices`);
  }
  const keys = [];
  for (let n = 0; n < BENCH_SOCKETS / 20; n += 1) {
    const made = await ask(maker, 'mutation Key($input: ApiKeyCreateInput!) { apiKeyCreate(input: $input) { secret errors { message } } }', {
      input: { organisationId: tenant.organisationId, name: `Bench ${n}`, scope: 'ORGANISATION', role: 'ADMIN' },
    });
    keys.push(made.apiKeyCreate.secret);
  }
  await end(maker.child);
  execFileSync('psql', ['-q', '-d', database, '-c', 'VACUUM ANALYZE']);

  // Two thousand sockets that only wait, on a server that has seen nothing yet.
  const open = (undash, key, subscribe) => new Promise((resolve, reject) => {
    const socket = new WebSocket(undash.socketUrl, 'graphql-transport-ws');
    socket.on('error', reject).on('close', (code) => reject(new Error(`closed with ${code}`)));
    socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: `Bearer ${key}` } })));
    socket.on('message', (bytes) => {
      const { type } = JSON.parse(bytes);
      if (type === 'ping') socket.send('{"type":"pong"}');
      if (type === 'connection_ack' && !subscribe) resolve(socket);
      if (type === 'connection_ack' && subscribe) socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: 'subscription { usageAlertEvents { cursor } }' } }));
      if (type === 'next') resolve(socket);
    });
  });
  const perSocket = {};
  let idleMb = 0;
  for (const kind of ['idle', 'with a subscription']) {
    const undash = await startServer(settings);
    await sleep(5_000);
    const before = residentKb(undash.child.pid);
    if (idleMb === 0) {
      idleMb = before / 1_024;
      console.log(`  idle: ${idleMb.toFixed(1)} MB (target < 60)`);
    }
    const sockets = [];
    for (const key of keys) sockets.push(...await Promise.all(Array.from({ length: 20 }, () => open(undash, key, kind !== 'idle'))));
    await sleep(5_000);
    perSocket[kind] = (residentKb(undash.child.pid) - before) / sockets.length;
    console.log(`  ${sockets.length} sockets ${kind}: ${perSocket[kind].toFixed(1)} kB each (target < 40)`);
    for (const socket of sockets) socket.removeAllListeners('close').terminate();
    await end(undash.child);
  }

  const fresh = await startServer(settings);
  fresh.headers = { authorization: `Bearer ${tenant.key}` };
  const postgraphile = await startOther('postgraphile.mjs', database);
  const mercurius = await startOther('mercurius.mjs', database);
  const sql = (text) => execFileSync('psql', ['-qAt', '-d', database, '-c', text], { encoding: 'utf8' }).trim();
  const organisation = sql("SELECT organisation_id FROM invoices LIMIT 1");
  const variables = { organisationId: organisation };
  const theirs = `query Page($organisationId: UUID!) { invoices: allInvoices(condition: { organisationId: $organisationId }, first: 50, orderBy: [CREATED_AT_DESC]) {
    nodes { id number state issuedAt totalMinor currency organisation: organisationByOrganisationId { organisationId name }
      lines: invoiceLinesByOrganisationIdAndInvoiceId { nodes { description quantity amountMinor } } }
    pageInfo { hasNextPage endCursor } } }`;
  const servers = {
    undash: { server: fresh, page: [OURS, {}], read: ({ data }) => data.invoices.nodes.map((node) => `${node.number} ${node.total.amount} ${node.lines.length}`) },
    postgraphile: { server: postgraphile, page: [theirs, variables], read: ({ data }) => data.invoices.nodes.map((node) => `${node.number} ${(node.totalMinor / 100).toFixed(2)} ${node.lines.nodes.length}`) },
    mercurius: {
      server: mercurius, page: [OURS.replace('query Page', 'query Page($organisationId: ID!)').replace('first: 50', 'organisationId: $organisationId, first: 50'), variables],
      read: ({ data }) => data.invoices.nodes.map((node) => `${node.number} ${node.total.amount} ${node.lines.length}`),
    },
  };
  const pages = {};
  for (const [name, { server, page, read }] of Object.entries(servers)) {
    const answer = await post(server, ...page);
    if (!answer.data) throw new Error(`${name}: ${JSON.stringify(answer).slice(0, 600)}`);
    pages[name] = read(answer).toSorted().join();
    if (!pages[name] || pages[name] !== pages.undash) throw new Error(`${name} answers something else: ${pages[name].slice(0, 200)} / ${pages.undash.slice(0, 200)}`);
  }
  if (process.env.BENCH_HOLD) { console.log(`  held: ${fresh.url} pid ${fresh.child.pid} key ${tenant.key} ${database}`); await sleep(Number(process.env.BENCH_HOLD) * 1_000); }

  const met = [idleMb < 60, perSocket.idle < 40];
  for (const [what, pick] of [['50 invoices', ({ page }) => page], ['{ __typename }', () => ['{ __typename }', {}]]]) {
    const seen = Object.fromEntries(Object.keys(servers).map((name) => [name, []]));
    for (const one of Object.values(servers)) await load(one.server, ...pick(one), fresh.folder);
    for (let round = 0; round < BENCH_ROUNDS; round += 1) {
      for (const [name, one] of Object.entries(servers)) seen[name].push(await load(one.server, ...pick(one), fresh.folder));
    }
    const of = (name, field) => median(seen[name].map((one) => one[field]));
    for (const name of Object.keys(servers)) {
      const errors = seen[name].reduce((sum, one) => sum + one.errors, 0);
      console.log(`  ${what.padEnd(15)} ${name.padEnd(12)} ${of(name, 'rps').toFixed(0).padStart(6)} req/s  p99 ${of(name, 'p99').toFixed(1).padStart(6)} ms  `
        + `${of(name, 'cpuMs').toFixed(2)} ms of processor each  ${(residentKb(servers[name].server.child.pid) / 1_024).toFixed(0)} MB  ${errors} errors  ×${(of('undash', 'rps') / of(name, 'rps')).toFixed(2)}`);
      if (errors > 0) met.push(false);
    }
    met.push(of('undash', 'rps') >= 2.5 * of('postgraphile', 'rps'), of('undash', 'rps') >= 1.5 * of('mercurius', 'rps'),
      of('undash', 'p99') < Math.min(of('postgraphile', 'p99'), of('mercurius', 'p99')));
  }
  console.log(`  load ${loadavg()[0].toFixed(2)} at the end`);
  return { passed: met.every(Boolean), summary: `${met.filter(Boolean).length} of ${met.length} targets met` };
});
