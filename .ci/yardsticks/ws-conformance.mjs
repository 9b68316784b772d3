// graphql-transport-ws against the real server: the 17 rules of the protocol (PROTOCOL.md of graphql-ws),
// then the rules of our own that clients rely on: which close codes, pings, reasons that fit a frame, origins.
import WebSocket from 'ws';
import { setTimeout as sleep } from 'node:timers/promises';
import { startServer, yardstick } from './lib/server.mjs';
import { makeCatalogue, makeTenant, pollAlerts, sendUsage } from './lib/world.mjs';

const PROTOCOL = 'graphql-transport-ws';
const STREAM = 'subscription Stream($after: String!) { usageAlertEvents(after: $after) { cursor event { id } } }';
const GREETING = 'subscription Greeting { usageAlertEvents { cursor event { id } } }';

await yardstick('graphql-transport-ws conformance', 150, async () => {
  const server = await startServer({ UNDASH_WORKER_INTERVAL_MILLISECONDS: '50' });
  const tenant = await makeTenant(server, await makeCatalogue(server), 'Conformance', [[1, 2, 3, 4, 5]]);
  const authorized = { authorization: `Bearer ${tenant.key}` };

  // A socket that keeps what it hears.
  const open = (protocols = PROTOCOL, options = {}) => new Promise((resolve, reject) => {
    const socket = new WebSocket(server.socketUrl, protocols, { handshakeTimeout: 5_000, ...options });
    socket.heard = [];
    socket.closed = new Promise((done) => socket.on('close', (code, reason) => done({ code, reason })));
    socket.on('message', (bytes) => socket.heard.push(JSON.parse(bytes)));
    socket.on('open', () => resolve(socket));
    socket.on('error', reject);
    socket.on('unexpected-response', (_, response) => reject(new Error(`HTTP ${response.statusCode}`)));
  });
  const say = (socket, message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  const hear = async (socket, wanted, ms = 4_000) => {
    for (const deadline = Date.now() + ms; Date.now() < deadline; await sleep(5)) {
      const message = socket.heard.find(wanted);
      if (message) return message;
    }
    throw new Error(`not heard within ${ms} ms; heard ${JSON.stringify(socket.heard).slice(0, 300)}`);
  };
  const welcomed = async (payload = authorized) => {
    const socket = await open();
    say(socket, { type: 'connection_init', payload });
    await hear(socket, ({ type }) => type === 'connection_ack');
    return socket;
  };
  const closes = async (socket, code, ms = 4_500) => {
    const end = await Promise.race([socket.closed, sleep(ms, { code: 'no close' })]);
    if (end.code !== code) throw new Error(`closed with ${end.code}, not ${code}`);
    if (end.reason.length === 0 || end.reason.length > 123) throw new Error(`a reason of ${end.reason.length} bytes`);
  };
  const types = (socket, id) => socket.heard.filter((message) => message.id === id).map(({ type }) => type).join();
  const same = (got, want) => { if (got !== want) throw new Error(`${got}, not ${want}`); };
  const subscribe = (socket, id, query, variables) => say(socket, { id, type: 'subscribe', payload: { query, variables } });

  // Where the list of alert events begins, and five events to read from there.
  const first = await welcomed();
  subscribe(first, 'g', GREETING);
  const start = (await hear(first, ({ type }) => type === 'next')).payload.data.usageAlertEvents.cursor;
  await sendUsage(server, tenant, 5);
  for (const deadline = Date.now() + 20_000; (await pollAlerts(server, tenant)).length < 5; await sleep(50)) {
    if (Date.now() > deadline) throw new Error('five alerts did not fire within 20 s');
  }
  first.terminate();

  const rules = {
    'the subprotocol is echoed': async () => same((await open()).protocol, PROTOCOL),
    'connection_init is acknowledged': async () => { await welcomed(); },
    'subscribe before the acknowledgement: 4401': async () => {
      const socket = await open();
      subscribe(socket, '1', '{ __typename }');
      await closes(socket, 4401);
    },
    'a second connection_init: 4429': async () => {
      const socket = await welcomed();
      say(socket, { type: 'connection_init', payload: authorized });
      await closes(socket, 4429);
    },
    'no connection_init: 4408 after 3 s': async () => {
      const began = Date.now();
      await closes(await open(), 4408);
      if (Date.now() - began < 2_500) throw new Error('too early');
    },
    'a wrong key: 4403': async () => {
      const socket = await open();
      say(socket, { type: 'connection_init', payload: { authorization: 'Bearer undash_op_nobodynobodynobodynobodynobody' } });
      await closes(socket, 4403);
    },
    'a message that is not JSON: 4400': async () => {
      const socket = await welcomed();
      say(socket, '{nope');
      await closes(socket, 4400);
    },
    'a message of unknown type: 4400': async () => {
      const socket = await welcomed();
      say(socket, { type: 'nope' });
      await closes(socket, 4400);
    },
    'an id in use: 4409': async () => {
      const socket = await welcomed();
      subscribe(socket, 'd', GREETING);
      subscribe(socket, 'd', GREETING);
      await closes(socket, 4409);
    },
    'ping is answered with pong': async () => {
      const socket = await welcomed();
      say(socket, { type: 'ping' });
      await hear(socket, ({ type }) => type === 'pong');
    },
    'a document that does not validate: one error, a list, and no complete': async () => {
      const socket = await welcomed();
      subscribe(socket, 'v', '{ doesNotExist }');
      const message = await hear(socket, ({ id }) => id === 'v');
      await sleep(300);
      same(types(socket, 'v'), 'error');
      if (!Array.isArray(message.payload) || !message.payload[0].message) throw new Error('the payload is no list of errors');
    },
    'a query: next, then complete': async () => {
      const socket = await welcomed();
      subscribe(socket, 'q', '{ __typename }');
      await hear(socket, ({ id, type }) => id === 'q' && type === 'complete');
      same(types(socket, 'q'), 'next,complete');
    },
    'a stream: one next for each event, in order, and nothing else': async () => {
      const socket = await welcomed();
      subscribe(socket, 's', STREAM, { after: start });
      await hear(socket, () => socket.heard.filter(({ id }) => id === 's').length >= 5);
      await sleep(200);
      same(types(socket, 's'), 'next,next,next,next,next');
      const got = socket.heard.filter(({ id }) => id === 's').map(({ payload }) => payload.data.usageAlertEvents.event.id);
      same(got.join(), (await pollAlerts(server, tenant)).map(({ id }) => id).join());
    },
    'complete from the client stops the stream': async () => {
      const socket = await welcomed();
      subscribe(socket, 's', STREAM, { after: start });
      await hear(socket, ({ type }) => type === 'next');
      say(socket, { id: 's', type: 'complete' });
      await sleep(150);
      const before = socket.heard.length;
      await sleep(400);
      same(socket.heard.length, before);
    },
    'complete for an unknown id is ignored': async () => {
      const socket = await welcomed();
      say(socket, { id: 'nobody', type: 'complete' });
      const end = await Promise.race([socket.closed, sleep(500, null)]);
      if (end) throw new Error(`closed with ${end.code}`);
    },
    'an id is free again after complete': async () => {
      const socket = await welcomed();
      for (const _ of [1, 2]) {
        socket.heard.length = 0;
        subscribe(socket, 'r', '{ __typename }');
        await hear(socket, ({ id, type }) => id === 'r' && type === 'complete');
      }
    },
    'the legacy subprotocol is refused': async () => {
      const socket = await open('graphql-ws').catch(() => null);
      if (socket && socket.protocol === 'graphql-ws') await closes(socket, 4406);
    },
  };
  const ours = {
    'no key at all: 4403': async () => {
      const socket = await open();
      say(socket, { type: 'connection_init' });
      await closes(socket, 4403);
    },
    'a binary frame: 4400': async () => {
      const socket = await welcomed();
      socket.send(Buffer.from([1, 2, 3]));
      await closes(socket, 4400);
    },
    'a reason fits its frame however long the id is': async () => {
      const socket = await welcomed();
      const id = 'é'.repeat(120);
      subscribe(socket, id, GREETING);
      subscribe(socket, id, GREETING);
      await closes(socket, 4409);
    },
    'the server pings within 15 s': async () => {
      const socket = await welcomed();
      let frames = 0;
      socket.on('ping', () => { frames += 1; });
      await hear(socket, ({ type }) => type === 'ping' || frames > 0, 15_000);
    },
    'a client that only answers pings stays connected': async () => {
      const socket = await welcomed();
      for (const deadline = Date.now() + 34_000; Date.now() < deadline; await sleep(50)) {
        while (socket.heard.some(({ type }) => type === 'ping')) {
          socket.heard.splice(socket.heard.findIndex(({ type }) => type === 'ping'), 1);
          say(socket, { type: 'pong' });
        }
        if (socket.readyState !== WebSocket.OPEN) throw new Error('closed');
      }
    },
    'a page of a foreign origin may not open a socket': async () => {
      const socket = await open(PROTOCOL, { origin: 'https://elsewhere.example' }).catch(() => null);
      if (socket) throw new Error('it was opened');
    },
    'a page of the own origin may': async () => { await open(PROTOCOL, { origin: server.origin }); },
    'operations in progress do not disturb each other': async () => {
      const socket = await welcomed();
      subscribe(socket, 'long', STREAM, { after: start });
      for (let n = 0; n < 20; n += 1) subscribe(socket, `q${n}`, '{ __typename }');
      await hear(socket, () => socket.heard.filter(({ type }) => type === 'complete').length === 20);
    },
  };
  // Many sockets at once would count as one owner's; a few at a time stay below the cap.
  const judge = async (set) => {
    const waiting = Object.entries(set);
    let passed = 0;
    await Promise.all(Array.from({ length: 4 }, async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [rule, check] = next;
        await check().then(() => { passed += 1; }, (error) => console.log(`  not so: ${rule}: ${error.message}`));
      }
    }));
    return [passed, Object.keys(set).length];
  };
  const [passed, all] = await judge(rules);
  let [oursPassed, oursAll] = await judge(ours);

  // Last, because the server is gone afterwards: a restart is a close that clients come back from.
  oursAll += 1;
  const socket = await welcomed();
  subscribe(socket, 's', GREETING);
  await hear(socket, ({ type }) => type === 'next');
  server.child.kill('SIGTERM');
  await closes(socket, 1012, 10_000).then(() => { oursPassed += 1; }, (error) => console.log(`  not so: a restart closes with 1012: ${error.message}`));

  return {
    passed: passed === all && oursPassed === oursAll && all === 17,
    summary: `${passed} of ${all}, and ${oursPassed} of ${oursAll} rules of our own`,
  };
});
