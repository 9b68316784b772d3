// A throw-away PostgreSQL, owned by the user postgres when this runs as root, on a free port of loopback.
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { atEnd, freePort } from '../lib/server.mjs';

export async function startPostgres() {
  const base = '/usr/lib/postgresql';
  const bin = join(base, readdirSync(base).sort((a, b) => b - a)[0], 'bin');
  const asPostgres = process.getuid() === 0 ? ['runuser', '-u', 'postgres', '--'] : [];
  const command = (...words) => [...asPostgres, ...words];
  const folder = mkdtempSync(join(tmpdir(), 'undash-bench-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  if (process.getuid() === 0) execFileSync('chown', ['postgres', folder]);
  const data = join(folder, 'data');
  const [program, ...words] = command(join(bin, 'initdb'), '-D', data, '-A', 'trust', '-U', 'postgres', '--no-sync');
  execFileSync(program, words, { stdio: 'ignore', cwd: folder });
  const port = await freePort();
  const [starter, ...options] = command(join(bin, 'postgres'), '-D', data, '-p', port, '-c', 'listen_addresses=127.0.0.1',
    '-c', `unix_socket_directories=${folder}`, '-c', 'max_connections=200', '-c', 'shared_buffers=256MB', '-c', 'jit=off',
    ...(process.env.BENCH_HOLD ? ['-c', 'shared_preload_libraries=pg_stat_statements'] : []));
  const child = spawn(starter, options, { stdio: 'ignore', cwd: folder });
  atEnd(async () => {
    // runuser does not hand signals on; pg_ctl asks the server itself.
    const [stopper, ...how] = command(join(bin, 'pg_ctl'), '-D', data, '-m', 'immediate', 'stop');
    execFileSync(stopper, how, { stdio: 'ignore', cwd: folder });
    await Promise.race([new Promise((gone) => child.once('exit', gone)), sleep(5_000)]);
  });
  const url = (database) => `postgres://postgres@127.0.0.1:${port}/${database}`;
  for (const deadline = Date.now() + 30_000; ; await sleep(100)) {
    const client = new pg.Client(url('postgres'));
    try {
      await client.connect();
      await client.query('CREATE DATABASE undash');
      await client.end();
      return url('undash');
    } catch (error) {
      await client.end().catch(() => {});
      if (Date.now() > deadline) throw error;
    }
  }
}
