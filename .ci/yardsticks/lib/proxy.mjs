// A TCP proxy that can lose its connections, as networks do.
import { connect, createServer } from 'node:net';
import { atEnd } from './server.mjs';

export function startProxy(port) {
  const pairs = new Set();
  let away = false;
  let accepted = 0;
  const proxy = createServer((near) => {
    near.on('error', () => {});
    if (away) return near.resetAndDestroy();
    accepted += 1;
    const far = connect(port, '127.0.0.1');
    const pair = [near, far];
    pairs.add(pair);
    const drop = () => {
      pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    far.on('error', drop).on('close', drop);
    near.on('close', drop);
    near.pipe(far);
    far.pipe(near);
  });
  const cut = () => {
    const lost = pairs.size;
    for (const pair of [...pairs]) for (const socket of pair) socket.resetAndDestroy();
    return lost;
  };
  return new Promise((resolve) => proxy.listen(0, '127.0.0.1', () => {
    atEnd(() => { cut(); return new Promise((closed) => proxy.close(closed)); });
    resolve({
      port: proxy.address().port,
      /** Resets every connection; tells how many there were. */
      cut,
      /** Refuses new connections until told otherwise. */
      setAway: (value) => { away = value; },
      accepted: () => accepted,
    });
  }));
}
