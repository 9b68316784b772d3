// Real clients: each subscribes to alert events, loses its connection while they fire, goes on after its last
// cursor and must have every event exactly once and in order.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { atEnd, end, startServer, yardstick } from './lib/server.mjs';
import { startProxy } from './lib/proxy.mjs';
import { ask, makeCatalogue, makeTenant, pollAlerts, sendUsage } from './lib/world.mjs';

const CLIENTS = {
  'graphql-ws': [process.execPath, 'clients/graphql-ws.mjs'],
  '@apollo/client': [process.execPath, 'clients/apollo.mjs'],
  urql: [process.execPath, 'clients/urql.mjs'],
  'PyPI gql': [process.env.YARDSTICK_PYTHON ?? 'python3', 'clients/gql_client.py'],
  'graphql-sse': [process.execPath, 'clients/graphql-sse.mjs'],
};
const DOCUMENT = `subscription Alerts($after: String, $filter: UsageAlertFilter) {
  usageAlertEvents(after: $after, filter: $filter) { cursor event { id } }
}`;
const name = process.argv[2];
if (!CLIENTS[name]) throw new Error(`name a client: ${Object.keys(CLIENTS).join(', ')}`);

// Three rules are wanted and one is not, so that the filter has something to leave out.
const thresholds = (from) => Array.from({ length: 20 }, (_, n) => from + n);
const RULES = [thresholds(1), thresholds(21), thresholds(41), thresholds(11)];

/** Whether the server speaks GraphQL over SSE at all; other answers than 404 and 406 are for the client to judge. */
async function offersSse(server, key) {
  const abort = AbortSignal.timeout(5_000);
  const response = await fetch(server.url, {
    method: 'POST', signal: abort, body: JSON.stringify({ query: 'subscription { usageAlertEvents { cursor } }' }),
    headers: { accept: 'text/event-stream', 'content-type': 'application/json', authorization: `Bearer ${key}` },
  });
  await response.body?.cancel();
  return ![404, 406].includes(response.status);
}

/** What a browser's EventSource would do after a lost stream: the cursor is the event's id, and coming back with it resumes. */
async function resumesByEventId(server, key, filter, expected) {
  const listen = async (wanted, last, after) => {
    const abort = new AbortController();
    const timer = setTimeout(() => abort.abort(), 10_000);
    const response = await fetch(server.url, {
      method: 'POST', signal: abort.signal,
      headers: {
        accept: 'text/event-stream', 'content-type': 'application/json', authorization: `Bearer ${key}`,
        ...(last && { 'last-event-id': last }),
      },
      body: JSON.stringify({ query: DOCUMENT, variables: { after, filter } }),
    });
    let text = '';
    const events = () => text.split('\n\n').slice(0, -1).filter((event) => /^event: ?next$/m.test(event)).map((event) => ({
      id: /^id: ?(.*)$/m.exec(event)?.[1], item: JSON.parse(/^data: ?(.*)$/m.exec(event)[1]).data.usageAlertEvents,
    }));
    for await (const bytes of response.body.pipeThrough(new TextDecoderStream())) {
      text += bytes.replaceAll('\r\n', '\n');
      if (events().length >= wanted) break;
    }
    clearTimeout(timer);
    return events().slice(0, wanted);
  };
  const { usageAlertEvents: page } = await ask(server, 'query First { usageAlertEvents(first: 1) { pageInfo { startCursor } } }', {}, key);
  // The first event is one that the filter lets through, so reading after it gives the second.
  const first = await listen(5, null, page.pageInfo.startCursor);
  const rest = await listen(5, first[2].id, page.pageInfo.startCursor);
  if (first.some(({ id, item }) => id !== item.cursor)) throw new Error('the id of an event is not its cursor');
  const got = [...first.slice(0, 3), ...rest].map(({ item }) => item.event.id);
  const wanted = expected.slice(1, 9).map(({ id }) => id);
  if (got.join() !== wanted.join()) throw new Error(`Last-Event-ID resumes elsewhere: ${got} instead of ${wanted}`);
}

await yardstick(`alerts over ${name}`, 90, async () => {
  const server = await startServer({ UNDASH_WORKER_INTERVAL_MILLISECONDS: '50' });
  const tenant = await makeTenant(server, await makeCatalogue(server), name, RULES);
  if (name === 'graphql-sse' && !(await offersSse(server, tenant.key))) return { skipped: 'SSE not offered' };

  const proxy = await startProxy(server.port);
  const wanted = tenant.alertRules.slice(0, 3);
  const orders = {
    url: `http://127.0.0.1:${proxy.port}/graphql`, socketUrl: `ws://127.0.0.1:${proxy.port}/graphql`,
    key: tenant.key, filter: { alertRuleIds: wanted },
  };
  const [command, script] = CLIENTS[name];
  const client = spawn(command, [script], {
    env: { ...process.env, CLIENT_ORDERS: JSON.stringify(orders) }, stdio: ['ignore', 'pipe', 'pipe'],
  });
  atEnd(() => end(client, 2_000));
  let complaints = '';
  client.stderr.on('data', (bytes) => { complaints = (complaints + bytes).slice(-2_000); });
  const items = [];
  createInterface({ input: client.stdout }).on('line', (line) => items.push(JSON.parse(line)));
  const until = async (ready, what, ms = 20_000) => {
    for (const deadline = Date.now() + ms; !ready(); await sleep(10)) {
      const fatal = items.find((item) => item.fatal || item.errors);
      if (fatal) throw new Error(`${what}: ${JSON.stringify(fatal)}`);
      if (client.exitCode !== null) throw new Error(`${what}: the client ended with ${client.exitCode}: ${complaints}`);
      if (Date.now() > deadline) throw new Error(`${what}: not within ${ms} ms, ${items.length} items; ${complaints}`);
    }
  };
  const received = () => items.filter(({ event }) => event).map(({ event }) => event.id);

  await until(() => items.length === 1, 'the first item');
  if (items[0].event !== null || !items[0].cursor) throw new Error(`the first item is ${JSON.stringify(items[0])}`);

  // Sixty requests, one by one; the connection is lost at four of them, twice for longer than a moment.
  let cuts = 0;
  for (let request = 1; request <= 60; request += 1) {
    await sendUsage(server, tenant, 1);
    await sleep(20);
    if ([12, 25, 26, 44].includes(request)) cuts += proxy.cut() > 0 ? 1 : 0;
    if (request === 12 || request === 44) {
      proxy.setAway(true);
      await sendUsage(server, tenant, 3);
      request += 3;
      await sleep(700);
      proxy.setAway(false);
    }
    // The client is waited for, so that the next cut hits it while it listens.
    if (request === 20 || request === 38) await until(() => proxy.accepted() > cuts, `back after ${cuts} cuts`);
  }
  let expected = [];
  for (const deadline = Date.now() + 20_000; expected.length < 60; await sleep(50)) {
    const fired = await pollAlerts(server, tenant);
    if (fired.length === 80) expected = fired.filter(({ alertRuleId }) => wanted.includes(alertRuleId));
    if (Date.now() > deadline) throw new Error(`${fired.length} of 80 alerts fired within 20 s`);
  }
  await until(() => received().length >= expected.length, `all ${expected.length} events`);
  await sleep(300);

  if (name === 'graphql-sse') await resumesByEventId(server, tenant.key, orders.filter, expected);

  const got = received();
  const inOrder = got.join() === expected.map(({ id }) => id).join();
  const again = proxy.accepted() - 1;
  if (!inOrder) console.log(`  missed ${expected.filter(({ id }) => !got.includes(id)).length}, doubled ${got.length - new Set(got).size}`);
  return {
    passed: inOrder && cuts >= 3 && again >= 3 && items.some(({ replayed, event }) => event && replayed),
    summary: `${got.length} of ${expected.length} events in order, ${cuts} lost connections, connected again ${again} times`,
  };
});
