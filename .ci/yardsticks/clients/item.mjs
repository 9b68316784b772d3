// What every client script shares: its orders come in the environment, its items leave as JSON lines.
export const { url, socketUrl, key, filter } = JSON.parse(process.env.CLIENT_ORDERS);
export const authorization = `Bearer ${key}`;
export const DOCUMENT = `subscription Alerts($after: String, $filter: UsageAlertFilter) {
  usageAlertEvents(after: $after, filter: $filter) { cursor replayed event { id threshold alertRule { id name } } }
}`;

/** The variables to go on with: after the last item that was handed out. */
export const variables = { after: null, filter };

/** Takes one item: says so, and moves the place to resume from. */
export function take(result) {
  if (result.errors?.length) return tell({ errors: result.errors });
  const item = result.data.usageAlertEvents;
  variables.after = item.cursor;
  tell(item);
}

export const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
export const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
