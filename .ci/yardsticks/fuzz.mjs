// Requests nobody would write: PyPI schemathesis makes documents from the schema and sends them for a while.
// Nothing may answer 5xx, leak what is inside, hang, or stop the server from answering others.
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { atEnd, end, startServer, yardstick } from './lib/server.mjs';
import { ask, makeCatalogue, makeTenant, sendUsage } from './lib/world.mjs';

const SECONDS = Number(process.env.UNDASH_YARDSTICK_FUZZ_SECONDS ?? 60);
const python = process.env.YARDSTICK_PYTHON ?? 'python3';

await yardstick(`schemathesis for ${SECONDS} s`, SECONDS * 2 + 120, async () => {
  const server = await startServer({ UNDASH_BILLING_GRACE_MINUTES: '0' });
  const catalogue = await makeCatalogue(server);
  const tenant = await makeTenant(server, catalogue, 'Fuzz', [[1, 5], [2]], { months: 2 });
  await sendUsage(server, tenant, 10);
  await sleep(3_000);
  const found = await ask(server, '{ invoices { nodes { id } } organisation { id issuingEntity { id } } plans { nodes { id latestVersion: code } } }', {}, tenant.key);
  const ids = [
    tenant.organisationId, tenant.projectId, tenant.subscriptionId, ...tenant.alertRules, catalogue.metric.id,
    catalogue.metric.code, catalogue.plan.id, catalogue.issuingEntity.id, ...found.invoices.nodes.map(({ id }) => id),
  ];

  let output = '';
  let deaf = 0;
  let looking = true;
  const fuzz = (key, seconds) => new Promise((resolve, reject) => {
    const child = spawn(python, [
      '-m', 'schemathesis.cli', 'run', 'schema.graphql', '--url', server.url, '-H', `Authorization: Bearer ${key}`,
      '--checks', 'served', '--phases', 'fuzzing', '--mode', 'all', '--max-time', String(seconds), '--workers', '2',
      '--request-timeout', '12', '--continue-on-failure', '--generation-database', 'none', '--suppress-health-check', 'all',
      '--no-color', '--warnings', 'off',
    ], { env: { ...process.env, SCHEMATHESIS_HOOKS: 'hooks', PYTHONPATH: join(process.cwd(), 'fuzz'), FUZZ_IDS: JSON.stringify(ids) } });
    atEnd(() => end(child, 2_000));
    let text = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (bytes) => { text += bytes; });
    child.once('error', reject);
    child.once('exit', (code) => { output += text; resolve({ code, text }); });
  });
  // Somebody else's request while the fuzzer works.
  const watcher = (async () => {
    while (looking) {
      const answered = await fetch(`${server.origin}/readyz`, { signal: AbortSignal.timeout(5_000) }).then((r) => r.ok, () => false);
      if (!answered) deaf += 1;
      await sleep(500);
    }
  })();
  const runs = [await fuzz(tenant.key, SECONDS / 2), await fuzz(server.key, SECONDS / 2)];
  looking = false;
  await watcher;

  const alive = await server.alive();
  const panics = [...server.log().matchAll(/panicked/g)].length;
  const passed = runs.every(({ code }) => code === 0) && deaf === 0 && alive && panics === 0;
  if (!passed) console.log(output.slice(-12_000), server.log().slice(-3_000));
  const tallies = runs.map(({ text }) => JSON.parse(/^TALLY (.*)$/m.exec(text)?.[1] ?? '{}'));
  if (process.env.UNDASH_YARDSTICK_VERBOSE) for (const tally of tallies) console.log(' ', JSON.stringify(tally));
  const sum = (name) => tallies.reduce((total, tally) => total + (tally[name] ?? 0), 0);
  return {
    // Without answers that hold data the fuzzer would only have tried the validator.
    passed: passed && sum('data') > 0,
    summary: `${sum('data') + sum('refused')} requests, ${sum('data')} answered with data; no 5xx: ${passed}, `
      + `${deaf} times deaf, ${panics} panics, the server is ${alive ? 'up' : 'down'}`,
  };
});
