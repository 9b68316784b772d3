// Mercurius with jit and loaders: what one would write by hand for this page, three statements a request.
import Fastify from 'fastify';
import mercurius from 'mercurius';
import pg from 'pg';

const [url, port] = process.argv.slice(2);
const pool = new pg.Pool({ connectionString: url, max: 16 });
const rows = async (name, text, values) => (await pool.query({ name, text, values })).rows;
const major = (minor) => (Number(minor) / 100).toFixed(2);
const keyed = (list, key) => Map.groupBy(list, key);

const app = Fastify();
app.register(mercurius, {
  jit: 1,
  schema: `
    type Query { invoices(organisationId: ID!, first: Int!): InvoiceConnection! }
    type InvoiceConnection { nodes: [Invoice!]! pageInfo: PageInfo! }
    type PageInfo { hasNextPage: Boolean! endCursor: String }
    type Money { amount: String! currency: String! }
    type Organisation { id: ID! name: String! }
    type Invoice { id: ID! number: String state: String! issuedAt: String total: Money! organisation: Organisation lines: [Line!]! }
    type Line { description: String! quantity: String amount: Money! }
  `,
  resolvers: {
    Query: {
      invoices: async (_, { organisationId, first }) => {
        const found = await rows('page', `SELECT organisation_id, id, number, state, issued_at, currency, total_minor FROM invoices
          WHERE organisation_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2`, [organisationId, first + 1]);
        const nodes = found.slice(0, first).map((row) => ({
          ...row, issuedAt: row.issued_at?.toISOString(), total: { amount: major(row.total_minor), currency: row.currency },
        }));
        return { nodes, pageInfo: { hasNextPage: found.length > first, endCursor: nodes.at(-1)?.id } };
      },
    },
  },
  loaders: {
    Invoice: {
      organisation: {
        loader: async (queries) => {
          const found = await rows('organisations', 'SELECT organisation_id AS id, name FROM organisations WHERE organisation_id = ANY($1)',
            [[...new Set(queries.map(({ obj }) => obj.organisation_id))]]);
          const known = keyed(found, ({ id }) => id);
          return queries.map(({ obj }) => known.get(obj.organisation_id)?.[0]);
        },
        opts: { cache: false },
      },
      lines: {
        loader: async (queries) => {
          const found = await rows('lines', `SELECT invoice_id, description, quantity, amount_minor FROM invoice_lines
            WHERE organisation_id = $1 AND invoice_id = ANY($2) ORDER BY invoice_id, position`,
            [queries[0].obj.organisation_id, queries.map(({ obj }) => obj.id)]);
          const known = keyed(found, ({ invoice_id: invoice }) => invoice);
          return queries.map(({ obj }) => (known.get(obj.id) ?? []).map((line) => ({
            ...line, amount: { amount: major(line.amount_minor), currency: obj.currency },
          })));
        },
        opts: { cache: false },
      },
    },
  },
});
await app.listen({ port: Number(port), host: '127.0.0.1' });
