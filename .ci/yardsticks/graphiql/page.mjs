// What somebody sees who opens the server's address in a browser: a place for the key, then GraphiQL that works.
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { atEnd, startServer, yardstick } from '../lib/server.mjs';
import { makeCatalogue, makeTenant } from '../lib/world.mjs';

await yardstick('GraphiQL in Chromium', 120, async () => {
  const server = await startServer();
  const tenant = await makeTenant(server, await makeCatalogue(server), 'Page Limited', [[1]]);
  const browser = await chromium.launch({ executablePath: process.env.CHROMIUM, args: ['--no-sandbox'] });
  atEnd(() => browser.close());
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  const complaints = [];
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(`${message.type()}: ${message.text()}`); });
  page.on('pageerror', (error) => complaints.push(String(error)));
  // The same bytes as unpkg.com has, from the npm registry; the page's integrity attributes judge them.
  const kinds = { js: 'text/javascript', css: 'text/css' };
  await page.route('https://unpkg.com/**', async (route) => {
    const [, name, path] = /unpkg\.com\/([^@]+)@[^/]+\/(.+)$/.exec(route.request().url());
    await route.fulfill({
      body: await readFile(`../node_modules/${name}/${path}`), contentType: kinds[path.split('.').at(-1)],
      headers: { 'access-control-allow-origin': '*' },
    });
  });

  await page.goto(`${server.origin}/`);
  await page.getByLabel('API key').fill('undash_op_nobodynobodynobodynobodynobody');
  await page.getByRole('button', { name: 'Use key' }).click();
  await page.getByText('The server does not know this key').waitFor({ timeout: 15_000 });
  // The browser itself reports each 401, some a moment later; those are asked for here.
  await page.waitForTimeout(500);
  const unknownKey = complaints.splice(0).filter((line) => !/401/.test(line));
  await page.getByRole('button', { name: 'Forget' }).click();

  await page.getByLabel('API key').fill(tenant.key);
  await page.getByRole('button', { name: 'Use key' }).click();
  const editor = page.locator('.graphiql-query-editor .CodeMirror');
  await editor.waitFor({ timeout: 15_000 });
  const run = async (query, wanted) => {
    await editor.evaluate((element, text) => element.CodeMirror.setValue(text), query);
    // GraphiQL reads the document a moment after the last key.
    await page.waitForTimeout(700);
    await page.locator('.graphiql-execute-button').click();
    await page.locator('.result-window').getByText(wanted).first().waitFor({ timeout: 15_000 });
  };
  await run('query Who { viewer { role organisation { name } } }', 'Page Limited');
  await page.getByText('Key in use').waitFor();
  await run('subscription Alerts { usageAlertEvents { cursor replayed } }', 'replayed');
  await page.locator('.graphiql-execute-button').click();
  await run('query Who { viewer { role organisation { name } } apiLimits { depth fields cost } }', 'apiLimits');
  // The documentation is what introspection gave.
  await page.getByRole('button', { name: /Documentation Explorer/ }).first().click();
  await page.locator('.graphiql-doc-explorer').getByText('SubscriptionRoot').waitFor({ timeout: 15_000 });
  await page.screenshot({ path: process.env.SCREENSHOT });
  const all = [...unknownKey, ...complaints];
  for (const line of all) console.log(`  ${line}`);
  return { passed: all.length === 0, summary: `a key, a query, a subscription, the documentation; ${all.length} complaints of the console` };
});
