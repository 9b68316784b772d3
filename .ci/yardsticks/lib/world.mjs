// What the yardsticks need to exist: made through the public API, as any customer would.

/** Runs one operation with a key; a GraphQL error or a user error is thrown. */
export async function ask(server, query, variables = {}, key = server.key) {
  const response = await fetch(server.url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json', accept: 'application/graphql-response+json', authorization: `Bearer ${key}`,
    },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(15_000),
  });
  const answer = await response.json();
  if (answer.errors) throw new Error(`${query.slice(0, 80)}: ${JSON.stringify(answer.errors)}`);
  for (const [field, value] of Object.entries(answer.data)) {
    if (value?.errors?.length) throw new Error(`${field}: ${JSON.stringify(value.errors)}`);
  }
  return answer.data;
}

const create = async (server, field, type, selection, input) =>
  (await ask(server, `mutation Make($input: ${type}!) { ${field}(input: $input) { ${selection} errors { code message path } } }`, { input }))[field];

/** The catalogue: an issuing entity, a metric that counts and a plan that prices it, with as many fixed fees. */
export async function makeCatalogue(server, { fees = 0 } = {}) {
  const { issuingEntity } = await create(server, 'issuingEntityCreate', 'IssuingEntityCreateInput', 'issuingEntity { id }', {
    name: 'Yard', legalName: 'Yard Limited', country: 'IN', region: '29', invoicePrefix: 'YARD',
    taxRegime: {
      model: 'FLAT',
      parameters: [
        { name: 'code', text: 'IGST' }, { name: 'name', text: 'IGST' }, { name: 'rate_percent', number: '18' },
      ],
    },
  });
  const { metric } = await create(server, 'metricCreate', 'MetricCreateInput', 'metric { id code }', {
    code: 'requests', name: 'Requests', unit: 'requests', aggregation: 'COUNT',
  });
  const { plan } = await create(server, 'planCreate', 'PlanCreateInput', 'plan { id }', {
    code: 'yard', name: 'Yard',
    terms: {
      currency: 'USD',
      charges: [{
        code: 'requests', name: 'Requests', metric: metric.code, model: 'PER_UNIT',
        parameters: [{ name: 'unit_amount', number: '0.01' }],
      }],
      fixedFees: Array.from({ length: fees }, (_, n) => ({ code: `fee${n}`, name: `Fee ${n}`, amount: `${n + 1}.50` })),
    },
  });
  return { issuingEntity, metric, plan };
}

/**
 * A tenant with a project, a subscription since `months` before this one, a key of its own and alert rules over the
 * number of its requests: one for each list of thresholds.
 */
export async function makeTenant(server, catalogue, name, rules, { months = 0 } = {}) {
  const { organisation } = await create(server, 'organisationCreate', 'OrganisationCreateInput', 'organisation { id }', {
    name, country: 'IN', region: '27', currency: 'USD', issuingEntityId: catalogue.issuingEntity.id,
  });
  const organisationId = organisation.id;
  const { project } = await create(server, 'projectCreate', 'ProjectCreateInput', 'project { id }', {
    organisationId, code: 'main', name: 'Main',
  });
  const now = new Date();
  const startsAt = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)).toISOString();
  const { subscription } = await create(server, 'subscriptionCreate', 'SubscriptionCreateInput', 'subscription { id }', {
    organisationId, planId: catalogue.plan.id, startsAt,
  });
  const alertRules = [];
  for (const thresholds of rules) {
    const { alertRule } = await create(server, 'alertRuleCreate', 'AlertRuleCreateInput', 'alertRule { id }', {
      organisationId, subscriptionId: subscription.id, subject: 'QUANTITY', metric: catalogue.metric.id,
      name: `Requests ${thresholds[0]} to ${thresholds.at(-1)}`, thresholds: thresholds.map(String),
    });
    alertRules.push(alertRule.id);
  }
  const { secret } = await create(server, 'apiKeyCreate', 'ApiKeyCreateInput', 'secret', {
    organisationId, name: 'Yardstick', scope: 'ORGANISATION', role: 'ADMIN',
  });
  return { organisationId, projectId: project.id, subscriptionId: subscription.id, alertRules, key: secret };
}

let sent = 0;
/** Sends `count` usage events of a tenant over REST. */
export async function sendUsage(server, tenant, count) {
  const occurredAt = new Date(Date.now() - 1_000).toISOString();
  const events = Array.from({ length: count }, () => ({
    transactionId: `yardstick-${sent++}`, metric: 'requests', projectId: tenant.projectId, occurredAt,
  }));
  const response = await fetch(`${server.origin}/v1/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${tenant.key}` },
    body: JSON.stringify(events),
    signal: AbortSignal.timeout(15_000),
  });
  const answer = await response.json();
  if (!response.ok || answer.accepted !== count) throw new Error(`usage: ${response.status} ${JSON.stringify(answer).slice(0, 400)}`);
}

/** Every alert event of a tenant by polling, in order. */
export async function pollAlerts(server, tenant) {
  const events = [];
  for (let after = null; ;) {
    const { usageAlertEvents: page } = await ask(server, `query Poll($after: String) {
      usageAlertEvents(first: 100, after: $after) { nodes { id alertRuleId threshold } pageInfo { hasNextPage endCursor } }
    }`, { after }, tenant.key);
    events.push(...page.nodes);
    if (!page.pageInfo.hasNextPage) return events;
    after = page.pageInfo.endCursor;
  }
}
