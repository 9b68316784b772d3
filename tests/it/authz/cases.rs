//! The table behind `authz`: one line a root field. Nothing runs here.

/// Every kind of key: scope and role.
pub(super) const KEYS: [(&str, &str); 11] = [
    ("OPERATOR", "OWNER"),
    ("OPERATOR", "ADMIN"),
    ("OPERATOR", "SUPPORT"),
    ("OPERATOR", "DEVELOPER"),
    ("ORGANISATION", "OWNER"),
    ("ORGANISATION", "ADMIN"),
    ("ORGANISATION", "BILLING"),
    ("ORGANISATION", "DEVELOPER"),
    ("ORGANISATION", "VIEWER"),
    ("PROJECT", "INGEST"),
    ("PROJECT", "VIEWER"),
];

/// Who a field is open to, one letter for each of [`KEYS`] in that order: `x` may, `-` may not.
pub(super) struct Case {
    pub(super) root: &'static str,
    pub(super) field: &'static str,
    //         operator · organisation · project
    pub(super) open_to: &'static str,
    pub(super) document: &'static str,
}

const fn case(root: &'static str, field: &'static str, open_to: &'static str, document: &'static str) -> Case {
    Case { root, field, open_to, document }
}

// Ids are of the right kind and of nothing, so that an open door leads to "not found" and changes nothing.
pub(super) const CASES: &[Case] = &[
    case("Query", "viewer", "xxxx xxxxx xx", "{ viewer { scope role permissions } }"),
    case("Query", "apiLimits", "xxxx xxxxx xx", "{ apiLimits { cost } }"),
    case("Query", "trustedDocuments", "xxxx ----- --", "{ trustedDocuments { totalCount } }"),
    case("Query", "node", "xxxx xxxxx xx", "query($met: ID!) { node(id: $met) { id } }"),
    case("Query", "nodes", "xxxx xxxxx xx", "query($met: ID!) { nodes(ids: [$met]) { id } }"),
    case("Query", "organisation", "xxx- xxxxx --", "query($org: ID!) { organisation(id: $org) { id } }"),
    case("Query", "organisations", "xxx- xxxxx --", "{ organisations { totalCount } }"),
    case(
        "Query",
        "project",
        "xxx- xxxxx xx",
        "query($org: ID!, $prj: ID!) { project(organisationId: $org, id: $prj) { id } }",
    ),
    case("Query", "projects", "xxx- xxxxx xx", "query($org: ID!) { projects(organisationId: $org) { totalCount } }"),
    case("Query", "apiKeys", "xxx- xx-x- --", "query($org: ID!) { apiKeys(organisationId: $org) { totalCount } }"),
    case("Query", "metric", "xxxx xxxxx xx", "query($met: ID!) { metric(id: $met) { id } }"),
    case("Query", "metrics", "xxxx xxxxx xx", "{ metrics { totalCount } }"),
    case("Query", "plan", "xxxx xxxxx xx", "query($plan: ID!) { plan(id: $plan) { id } }"),
    case("Query", "plans", "xxxx xxxxx xx", "{ plans { totalCount } }"),
    case(
        "Query",
        "subscription",
        "xxx- xxxxx --",
        "query($org: ID!, $sub: ID!) { subscription(organisationId: $org, id: $sub) { id } }",
    ),
    case(
        "Query",
        "subscriptions",
        "xxx- xxxxx --",
        "query($org: ID!) { subscriptions(organisationId: $org) { totalCount } }",
    ),
    case("Query", "issuingEntity", "xxxx ----- --", "query($ise: ID!) { issuingEntity(id: $ise) { id } }"),
    case("Query", "issuingEntities", "xxxx ----- --", "{ issuingEntities { totalCount } }"),
    case(
        "Query",
        "usageSeries",
        "xxx- xxxxx xx",
        "query($org: ID!) { usageSeries(input: {organisationId: $org, metric: \"requests\", granularity: DAY, window: {gte: \"2024-03-01T00:00:00Z\", lt: \"2024-03-02T00:00:00Z\"}}) { total { quantity } } }",
    ),
    case(
        "Query",
        "usageEvents",
        "xxx- xxxxx xx",
        "query($org: ID!) { usageEvents(organisationId: $org) { edges { cursor } } }",
    ),
    case(
        "Query",
        "usageRejections",
        "xxx- xxxxx xx",
        "query($org: ID!) { usageRejections(organisationId: $org) { totalCount } }",
    ),
    case(
        "Query",
        "invoice",
        "xxx- xxx-x --",
        "query($org: ID!, $inv: ID!) { invoice(organisationId: $org, id: $inv) { id } }",
    ),
    case("Query", "invoices", "xxx- xxx-x --", "query($org: ID!) { invoices(organisationId: $org) { totalCount } }"),
    case(
        "Query",
        "invoicePreview",
        "xxx- xxx-x --",
        "query($org: ID!, $sub: ID!) { invoicePreview(organisationId: $org, subscriptionId: $sub) { currency } }",
    ),
    case(
        "Query",
        "invoiceExplain",
        "xxx- xxx-x --",
        "query($org: ID!, $inv: ID!) { invoiceExplain(organisationId: $org, id: $inv) { calls { digest } } }",
    ),
    case(
        "Query",
        "invoiceRecompute",
        "xxx- xxx-x --",
        "query($org: ID!, $inv: ID!) { invoiceRecompute(organisationId: $org, id: $inv) { identical } }",
    ),
    case(
        "Query",
        "alertRule",
        "xxx- xxxxx --",
        "query($org: ID!, $alr: ID!) { alertRule(organisationId: $org, id: $alr) { id } }",
    ),
    case(
        "Query",
        "alertRules",
        "xxx- xxxxx --",
        "query($org: ID!) { alertRules(organisationId: $org) { totalCount } }",
    ),
    case(
        "Query",
        "usageAlertEvents",
        "xxx- xxxxx --",
        "query($org: ID!) { usageAlertEvents(organisationId: $org) { totalCount } }",
    ),
    case("Query", "plugin", "xxxx ----- --", "query($plg: ID!) { plugin(id: $plg) { id } }"),
    case("Query", "plugins", "xxxx ----- --", "{ plugins { totalCount } }"),
    case("Query", "pluginActivations", "xxxx ----- --", "{ pluginActivations { nodes { id } } }"),
    case(
        "Query",
        "auditEvents",
        "xxx- xx--- --",
        "query($org: ID!) { auditEvents(organisationId: $org) { totalCount } }",
    ),
    case("Query", "billingRuns", "xxxx ----- --", "{ billingRuns { nodes { state } } }"),
    case(
        "Mutation",
        "organisationCreate",
        "xx-- ----- --",
        "mutation($ise: ID!) { organisationCreate(input: {name: \"\", country: \"IN\", currency: USD, issuingEntityId: $ise}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "projectCreate",
        "xx-- xx-x- --",
        "mutation($org: ID!) { projectCreate(input: {organisationId: $org, code: \"\", name: \"x\"}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "apiKeyCreate",
        "xx-- xx-x- --",
        "mutation($org: ID!, $prj: ID!) { apiKeyCreate(input: {name: \"\", scope: PROJECT, organisationId: $org, projectId: $prj, role: INGEST}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "apiKeyRevoke",
        "xx-- xx-x- --",
        "mutation($key: ID!) { apiKeyRevoke(input: {id: $key}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "metricCreate",
        "xx-- ----- --",
        "mutation { metricCreate(input: {code: \"\", name: \"x\", aggregation: SUM}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "planCreate",
        "xx-- ----- --",
        "mutation { planCreate(input: {code: \"\", name: \"x\", terms: {currency: USD}}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "planVersionPublish",
        "xx-- ----- --",
        "mutation($plan: ID!) { planVersionPublish(input: {planId: $plan, terms: {currency: USD}}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "subscriptionCreate",
        "xx-- ----- --",
        "mutation($org: ID!, $plan: ID!) { subscriptionCreate(input: {organisationId: $org, planId: $plan}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "subscriptionEnd",
        "xx-- ----- --",
        "mutation($org: ID!, $sub: ID!) { subscriptionEnd(input: {organisationId: $org, id: $sub}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "issuingEntityCreate",
        "xx-- ----- --",
        "mutation { issuingEntityCreate(input: {name: \"\", country: \"IN\", taxRegime: {model: \"FLAT\", parameters: []}, invoicePrefix: \"X\"}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "usageIngest",
        "xx-- xx-x- x-",
        "mutation($org: ID!) { usageIngest(input: {organisationId: $org, events: []}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "invoiceFinalize",
        "xx-- ----- --",
        "mutation($org: ID!, $inv: ID!) { invoiceFinalize(input: {organisationId: $org, id: $inv}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "invoiceVoid",
        "xx-- ----- --",
        "mutation($org: ID!, $inv: ID!) { invoiceVoid(input: {organisationId: $org, id: $inv}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "alertRuleCreate",
        "xx-- xxxx- --",
        "mutation($org: ID!, $sub: ID!) { alertRuleCreate(input: {organisationId: $org, name: \"x\", subscriptionId: $sub, subject: COST, thresholds: []}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "alertRuleDisable",
        "xx-- xxxx- --",
        "mutation($org: ID!, $alr: ID!) { alertRuleDisable(input: {organisationId: $org, id: $alr}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "pluginUploadCreate",
        "xx-x ----- --",
        "mutation { pluginUploadCreate(input: {filename: \"\", size: 1, sha256: \"\"}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "pluginUploadSend",
        "xx-x ----- --",
        "mutation($upl: ID!) { pluginUploadSend(input: {uploadId: $upl}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "trustedDocumentRegister",
        "xx-x ----- --",
        "mutation { trustedDocumentRegister(input: {documents: []}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "trustedDocumentRemove",
        "xx-x ----- --",
        "mutation { trustedDocumentRemove(input: {id: \"tdo_00000000000000000000000000\"}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "pluginVersionCreate",
        "xx-x ----- --",
        "mutation($upl: ID!) { pluginVersionCreate(input: {name: \"x\", uploadId: $upl}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "pluginActivate",
        "xx-x ----- --",
        "mutation($pgv: ID!, $plan: ID!) { pluginActivate(input: {pluginVersionId: $pgv, target: {planId: $plan}, effectiveFrom: \"2030-01-01T00:00:00Z\"}) { errors { code } } }",
    ),
    case(
        "Mutation",
        "billingRunRetry",
        "xx-- ----- --",
        "mutation($org: ID!, $sub: ID!) { billingRunRetry(input: {organisationId: $org, subscriptionId: $sub, periodStart: \"2024-03-01T00:00:00Z\"}) { errors { code } } }",
    ),
    case(
        "SubscriptionRoot",
        "usageAlertEvents",
        "xxx- xxxxx --",
        "subscription($org: ID!) { usageAlertEvents(organisationId: $org) { cursor } }",
    ),
];
