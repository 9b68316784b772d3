// The real binary on a free loopback port with a folder of its own; gone again when the script ends.
import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export const OPERATOR_KEY = 'undash_op_yardstickyardstickyardstickyardstick';

export const freePort = () =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });

const stops = new Set();
export const atEnd = (stop) => stops.add(stop);
async function stopAll() {
  for (const stop of [...stops].reverse()) {
    stops.delete(stop);
    await stop();
  }
}
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => stopAll().then(() => process.exit(130)));

/** Stops `child` politely, then not. */
export async function end(child, patience = 10_000) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await Promise.race([gone, sleep(patience, undefined, { ref: false }).then(() => child.kill('SIGKILL'))]);
  await gone;
}

/** Starts `undash serve` and waits until it is ready. `settings` are environment variables. */
export async function startServer(settings = {}, args = []) {
  const binary = process.env.UNDASH_BINARY;
  if (!binary) throw new Error('UNDASH_BINARY must name the release binary');
  const folder = await mkdtemp(join(tmpdir(), 'undash-yardstick-'));
  atEnd(() => rm(folder, { recursive: true, force: true }));
  const port = await freePort();
  const child = spawn(binary, ['serve', '--data-dir', join(folder, 'data'), '--listen', `127.0.0.1:${port}`, ...args], {
    cwd: folder,
    env: { PATH: process.env.PATH, HOME: folder, UNDASH_LOG: 'warn', UNDASH_OPERATOR_KEY: OPERATOR_KEY, ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (bytes) => { log = (log + bytes).slice(-20_000); });
  }
  atEnd(() => end(child));
  const origin = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${log}`);
    const ready = await fetch(`${origin}/readyz`, { signal: AbortSignal.timeout(1_000) }).then((r) => r.ok, () => false);
    if (ready) break;
    if (Date.now() > deadline) throw new Error(`the server was not ready within a minute:\n${log}`);
    await sleep(50);
  }
  return {
    child, folder, port, origin, key: OPERATOR_KEY, url: `${origin}/graphql`, socketUrl: `ws://127.0.0.1:${port}/graphql`,
    log: () => log,
    /** Whether the process still runs and answers. */
    alive: () => child.exitCode === null
      && fetch(`${origin}/healthz`, { signal: AbortSignal.timeout(5_000) }).then((r) => r.ok, () => false),
  };
}

/**
 * Runs one yardstick: prints its one summary line, stops what was started, ends with 1 when it failed.
 * `body` answers `{ passed, summary }`, or `{ skipped: reason }`, which strict runs count as a failure.
 */
export async function yardstick(name, seconds, body) {
  let failed = true;
  const watchdog = setTimeout(() => {
    console.log(`FAIL  ${name}: not finished after ${seconds} s`);
    stopAll().finally(() => process.exit(1));
  }, seconds * 1000);
  try {
    const { passed, summary, skipped } = await body();
    if (skipped) {
      failed = process.env.UNDASH_YARDSTICK_STRICT === '1';
      console.log(`${failed ? 'FAIL ' : 'SKIPPED'} ${name}: ${skipped}`);
    } else {
      failed = !passed;
      console.log(`${passed ? 'ok   ' : 'FAIL '} ${name}: ${summary}`);
    }
  } catch (error) {
    console.log(`FAIL  ${name}: ${error.stack ?? error}`);
  }
  await stopAll();
  clearTimeout(watchdog);
  process.exit(failed ? 1 : 0);
}
