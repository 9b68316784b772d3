// Nothing that the last release promised is gone: graphql-inspector between `released.graphql` and the schema.
// A release replaces `released.graphql`; until then a breaking change fails here.
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';
import { readFile } from 'node:fs/promises';
import { yardstick } from './lib/server.mjs';

await yardstick('no breaking change since the last release', 60, async () => {
  const [released, present] = await Promise.all(
    ['released.graphql', 'schema.graphql'].map(async (file) => buildSchema(await readFile(file, 'utf8'))),
  );
  const changes = await diff(released, present);
  const breaking = changes.filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking);
  for (const { path, message } of breaking) console.log(`  ${path}: ${message}`);
  return { passed: breaking.length === 0, summary: `${breaking.length} breaking of ${changes.length} changes` };
});
