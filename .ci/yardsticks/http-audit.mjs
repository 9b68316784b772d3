// GraphQL over HTTP: the audits that npm graphql-http ships for servers, against the real one with a real key.
import { serverAudits } from 'graphql-http';
import { startServer, yardstick } from './lib/server.mjs';
import { makeCatalogue, makeTenant } from './lib/world.mjs';

const EXPECTED = 61;

await yardstick('GraphQL over HTTP, graphql-http audits', 120, async () => {
  const server = await startServer();
  const tenant = await makeTenant(server, await makeCatalogue(server), 'Audit', []);
  const fetchFn = (url, init = {}) => {
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${tenant.key}`);
    return fetch(url, { ...init, headers, signal: AbortSignal.timeout(10_000) });
  };
  let passed = 0;
  const audits = serverAudits({ url: server.url, fetchFn });
  for (const audit of audits) {
    const result = await audit.fn();
    if (result.status === 'ok') passed += 1;
    else console.log(`  ${result.status} ${result.id} ${result.name}: ${result.reason}`);
  }
  // SHOULDs and MAYs count too; fewer audits than known would be a silent loss of strictness.
  return { passed: passed === audits.length && audits.length >= EXPECTED, summary: `${passed} of ${audits.length}` };
});
