// The schema as linters see it: graphql-schema-linter with every rule, @graphql-eslint with its schema, Relay and
// operations presets, and no Float anywhere. `schema.graphql` lies beside this script.
import { ESLint } from 'eslint';
import { readFile } from 'node:fs/promises';
import { buildSchema } from 'graphql';
import { spawnSync } from 'node:child_process';
import { yardstick } from './lib/server.mjs';

await yardstick('schema quality', 120, async () => {
  const schema = await readFile('schema.graphql', 'utf8');
  let findings = 0;
  const found = (line) => { findings += 1; console.log(`  ${line}`); };

  const linter = spawnSync(process.execPath, ['node_modules/graphql-schema-linter/lib/cli.js', '-f', 'json', 'schema.graphql'], {
    encoding: 'utf8', timeout: 60_000,
  });
  if (linter.error || !linter.stdout) throw new Error(`graphql-schema-linter: ${linter.error ?? linter.stderr}`);
  for (const { rule, message, location } of JSON.parse(linter.stdout).errors) {
    found(`graphql-schema-linter ${rule} at ${location.line}: ${message}`);
  }

  const results = await new ESLint({ overrideConfigFile: 'eslint.config.mjs' })
    .lintFiles(['schema.graphql', 'sample-app/operations/*.graphql']);
  for (const { filePath, messages } of results) {
    for (const { line, ruleId, message } of messages) found(`${ruleId ?? 'eslint'} at ${filePath.split('/').at(-1)}:${line}: ${message.replaceAll('\n', ' ')}`);
  }

  const floats = [...schema.replaceAll(/"""[\s\S]*?"""/g, '').matchAll(/\bFloat\b/g)].length;
  if (floats > 0) found(`Float is used ${floats} times: amounts and quantities are Decimal`);

  const types = Object.values(buildSchema(schema).getTypeMap()).filter(({ name }) => !name.startsWith('__')).length;
  return { passed: findings === 0 && results.length > 1, summary: `${findings} findings in ${types} types and ${results.length - 1} files of operations, ${floats} Float` };
});
