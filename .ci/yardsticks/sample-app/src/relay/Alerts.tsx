// Alert events as they happen, and a rule made from the page.
import { graphql, useMutation, useSubscription } from 'react-relay';
import { useMemo, useState } from 'react';
import type { GraphQLSubscriptionConfig } from 'relay-runtime';
import type { AlertsSubscription } from './__generated__/AlertsSubscription.graphql';
import type { AlertsWatchMutation } from './__generated__/AlertsWatchMutation.graphql';

const events = graphql`
  subscription AlertsSubscription($after: String) {
    usageAlertEvents(after: $after) {
      cursor
      replayed
      event { id threshold observed alertRule { id name } }
    }
  }
`;

export function Alerts({ subscriptionId }: { subscriptionId: string }) {
  const [heard, setHeard] = useState<string[]>([]);
  const config = useMemo<GraphQLSubscriptionConfig<AlertsSubscription>>(() => ({
    subscription: events,
    variables: {},
    onNext: (answer) => {
      const event = answer?.usageAlertEvents.event;
      if (event) setHeard((before) => [...before, `${event.alertRule?.name}: ${event.threshold}`]);
    },
  }), []);
  useSubscription<AlertsSubscription>(config);
  const [commit, busy] = useMutation<AlertsWatchMutation>(graphql`
    mutation AlertsWatchMutation($input: AlertRuleCreateInput!) {
      alertRuleCreate(input: $input) {
        alertRule { id name thresholds }
        errors { code message path }
      }
    }
  `);
  const watch = () => commit({
    variables: { input: { name: 'Cost', subject: 'COST', subscriptionId, thresholds: ['100'] } },
    onCompleted: ({ alertRuleCreate }) => setHeard((before) => [...before, ...alertRuleCreate.errors.map(({ message }) => message)]),
  });
  return (
    <section>
      <button disabled={busy} onClick={watch}>Watch the cost</button>
      <ul>{heard.map((line, index) => <li key={index}>{line}</li>)}</ul>
    </section>
  );
}
