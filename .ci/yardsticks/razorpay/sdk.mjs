// Razorpay's Node SDK takes the simulator for Razorpay.
import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import Razorpay from 'razorpay';
import utils from 'razorpay/dist/utils/razorpay-utils.js';

const [keyId, keySecret, webhookSecret] = ['rzp_test_yardstick', 'yardstick secret', 'webhook secret'];
let checks = 0;
const holds = (condition, words) => { assert.ok(condition, words); checks += 1; };
const refuses = async (words, promise) => {
  const error = await promise.then((value) => assert.fail(`${words}: ${JSON.stringify(value)}`), (reason) => reason);
  holds(error.error?.description?.includes(words), `${words} is not in ${JSON.stringify(error)}`);
  return error;
};

const received = [];
const receiver = createServer(async (request, response) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  received.push({ body: Buffer.concat(chunks).toString(), signature: request.headers['x-razorpay-signature'] });
  response.end();
}).listen(0, '127.0.0.1');
await once(receiver, 'listening');
const [program, ...args] = process.argv.slice(2);
const simulator = spawn(program, [
  ...args, '--listen', '127.0.0.1:0', '--key-id', keyId, '--key-secret', keySecret,
  '--webhook-url', `http://127.0.0.1:${receiver.address().port}/`, '--webhook-secret', webhookSecret,
  '--fault', 'GET /v1/settlements gateway-error', '--fault', 'GET /v1/disputes too-many-requests',
], { stdio: ['ignore', 'pipe', 'inherit'] });

const told = async (event) => {
  for (const deadline = Date.now() + 10_000; Date.now() < deadline; await sleep(20)) {
    const found = received.find(({ body }) => JSON.parse(body).event === event);
    if (found) return found;
  }
  return assert.fail(`${event} was never told`);
};

try {
  const [url] = await once(createInterface({ input: simulator.stdout }), 'line');
  const pay = async (kind, name, form = {}) => {
    const body = new URLSearchParams({ do: 'pay', ...form });
    const page = await (await fetch(`${url}/pay/${kind}/${name}`, { method: 'POST', body })).text();
    return Object.fromEntries([...page.matchAll(/<dd id="(\w+)">([^<]*)<\/dd>/g)].map(([, key, value]) => [key, value]));
  };
  const client = () => {
    const made = new Razorpay({ key_id: keyId, key_secret: keySecret });
    made.api.rq.defaults.baseURL = url;
    return made;
  };
  const razorpay = client();

  const order = await razorpay.orders.create({ amount: 50000, currency: 'INR', receipt: 'yardstick-1' });
  holds(order.status === 'created' && Array.isArray(order.notes), 'a new order without notes');
  const handed = await pay('order', order.id);
  const proof = { order_id: order.id, payment_id: handed.razorpay_payment_id };
  holds(utils.validatePaymentVerification(proof, handed.razorpay_signature, keySecret), 'the signature of the checkout');
  holds(!utils.validatePaymentVerification({ ...proof, order_id: 'x' }, handed.razorpay_signature, keySecret), 'forged');
  const payment = await razorpay.payments.fetch(handed.razorpay_payment_id);
  holds(payment.status === 'captured' && payment.fee === 1180 && payment.tax === 180, 'captured');
  holds((await razorpay.orders.fetch(order.id)).status === 'paid', 'paid');

  const once1 = client();
  once1.api.rq.defaults.headers.common['X-Refund-Idempotency'] = 'yardstick-refund-1';
  const first = await once1.payments.refund(payment.id, { amount: 20000 });
  holds((await once1.payments.refund(payment.id, { amount: 20000 })).id === first.id, 'one key is one refund');
  const conflict = await refuses('Different request', once1.payments.refund(payment.id, { amount: 100 }));
  holds(conflict.statusCode === 409, '409');
  await refuses('greater than amount captured', razorpay.payments.refund(payment.id, { amount: 30001 }));
  await razorpay.payments.refund(payment.id, { amount: 30000 });
  holds((await razorpay.payments.fetch(payment.id)).refund_status === 'full', 'fully refunded');
  holds((await razorpay.payments.fetchMultipleRefund(payment.id)).count === 2, 'two refunds');

  const manual = await razorpay.orders.create({ amount: 10000, currency: 'INR', payment_capture: false });
  const waiting = (await pay('order', manual.id)).razorpay_payment_id;
  holds((await razorpay.payments.capture(waiting, 10000, 'INR')).captured, 'captured by hand');

  const link = await razorpay.paymentLink.create({ amount: 1000, currency: 'INR', reference_id: 'TS1' });
  holds((await razorpay.paymentLink.cancel(link.id)).status === 'cancelled', 'cancelled');

  const person = { name: 'Gaurav Kumar', email: 'gaurav.kumar@example.com', contact: '+919000090000' };
  const customer = await razorpay.customers.create(person);
  holds((await razorpay.customers.create({ ...person, fail_existing: 0 })).id === customer.id, 'the same customer');
  const terms = { max_amount: 500000, expire_at: 4102444799, frequency: 'as_presented' };
  const mandate = await razorpay.orders.create(
    { amount: 100, currency: 'INR', method: 'card', customer_id: customer.id, token: terms });
  await pay('order', mandate.id, { method: 'card' });
  const tokens = await razorpay.customers.fetchTokens(customer.id);
  holds(tokens.items[0].recurring_details.status === 'confirmed' && tokens.items[0].card.network === 'Visa', 'a token');

  const small = await refuses('at least INR 1.00', razorpay.orders.create({ amount: 99, currency: 'INR' }));
  holds(small.statusCode === 400 && small.error.field === 'amount', 'the field at fault');
  holds((await refuses('error at bank', razorpay.settlements.all())).statusCode === 502, 'a fault of the gateway');
  holds((await refuses('try after sometime', razorpay.disputes.fetch(''))).statusCode === 429, 'too many requests');
  await refuses('does not exist', razorpay.payments.fetch('pay_00000000000000'));

  for (const event of ['payment.captured', 'refund.processed', 'token.confirmed']) {
    const { body, signature } = await told(event);
    holds(Razorpay.validateWebhookSignature(body, signature, webhookSecret), event);
    holds(!Razorpay.validateWebhookSignature(`${body} `, signature, webhookSecret), `${event} with a blank more`);
  }
  const { version } = JSON.parse(readFileSync('node_modules/razorpay/package.json', 'utf8'));
  console.log(`PASSED razorpay (Node ${version}): ${checks} checks`);
} finally {
  simulator.kill();
  receiver.close();
}
