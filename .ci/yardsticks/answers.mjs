// Answers as the specification has them, judged with graphql-js beside the schema: fields in the order they were asked
// for (7.2.2), a failed non-null field that takes its parent along (6.4.4), an object without fields that is `{}` and
// not null. Several times, because order can be luck.
import { readFile } from 'node:fs/promises';
import { buildSchema } from 'graphql';
import { startServer, yardstick } from './lib/server.mjs';
import { faults } from './lib/shape.mjs';
import { makeCatalogue, makeTenant, sendUsage } from './lib/world.mjs';

const TIMES = 5;
const QUERIES = {
  'two root fields': '{ viewer { role organisation { name } } apiLimits { depth } }',
  'fast fields after slow ones': '{ metrics(first: 1) { nodes { id code } } z: __typename viewer { scope } a: __typename apiLimits { cost depth } }',
  'a field asked for twice': '{ viewer { organisation { name } role } a: __typename viewer { scope role } }',
  'fragments, named and inline': 'query Q { ...F viewer { role } ... on Query { b: __typename } } fragment F on Query { subscriptions { nodes { plan { name } id organisation { id } state } } }',
  'skip and include': 'query Q($no: Boolean! = false) { viewer @include(if: $no) { role } organisation { timezone issuingEntity { id } name } apiLimits @skip(if: $no) { depth } }',
  'an interface': 'query Q($id: ID!) { node(id: $id) { __typename id ... on Subscription { plan { code name } startsAt organisation { name id } } } a: __typename }',
  'a list with null in it': 'query Q($id: ID!) { nodes(ids: [$id, "sub_00000000000000000000000000"]) { id __typename } a: __typename }',
  'a nullable field fails': '{ viewer { role } metric(code: "none") { id } apiLimits { depth } }',
  'a non-null field fails': '{ viewer { role } invoices(first: 1000) { nodes { id } } apiLimits { depth } }',
  'a non-null field fails under an alias': '{ z: viewer { role } a: usageAlertEvents(after: "nowhere") { nodes { id } } }',
  'nothing left of a selection': 'query Q($no: Boolean! = false) { viewer { role @include(if: $no) } metrics { pageInfo { hasNextPage @include(if: $no) } } }',
  'nothing left at all': 'query Q($no: Boolean! = false) { __typename @include(if: $no) }',
  'user errors': 'mutation M { b: apiKeyRevoke(input: { id: "nobody" }) { errors { message code path } apiKey { id } } a: usageIngest(input: { events: [] }) { errors { code } accepted } }',
};

await yardstick('answers as the specification has them', 60, async () => {
  const schema = buildSchema(await readFile('schema.graphql', 'utf8'));
  const server = await startServer();
  const tenant = await makeTenant(server, await makeCatalogue(server), 'Answers', [[1, 2]]);
  await sendUsage(server, tenant, 1);
  let passed = 0;
  for (const [name, query] of Object.entries(QUERIES)) {
    const variables = query.includes('$id') ? { id: tenant.subscriptionId } : {};
    const complaints = new Set();
    for (let time = 0; time < TIMES; time += 1) {
      const response = await fetch(server.url, {
        method: 'POST', signal: AbortSignal.timeout(10_000), body: JSON.stringify({ query, variables }),
        headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant.key}` },
      });
      for (const fault of faults(schema, query, { no: false, ...variables }, await response.json())) complaints.add(fault);
    }
    if (complaints.size === 0) passed += 1;
    for (const complaint of complaints) console.log(`  ${name}: ${complaint}`);
  }
  const all = Object.keys(QUERIES).length;
  return { passed: passed === all, summary: `${passed} of ${all} kinds of request` };
});
