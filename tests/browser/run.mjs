// Drives the pages of `tributary demo` with a real browser: opens them as a visitor would, in light, dark and on a
// phone, and holds each against axe-core's accessibility rules and an empty console.
//
//   node run.mjs PROGRAM        ($CHROMIUM names the browser; /usr/bin/chromium otherwise)
//
// Screenshots go to a temporary directory that is named at the end. The exit code is 1 when anything failed.

import { spawn } from 'node:child_process';
import { readFileSync, mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const program = process.argv[2];
if (!program) {
  console.error('usage: node run.mjs PROGRAM');
  process.exit(2);
}
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = mkdtempSync(join(tmpdir(), 'tributary-pages-'));
const looks = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, hasTouch: true },
};

let passed = 0;
let failed = 0;
async function test(name, body) {
  try {
    await body();
    passed += 1;
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n        ${String(error.message ?? error).replaceAll('\n', '\n        ')}`);
  }
}
function expect(condition, what) {
  if (!condition) throw new Error(what);
}

// Opens a page past the browser's cache: pages may be kept for a while, and here news is looked for.
async function openFresh(page, url) {
  await page.goto(url);
  await page.reload();
}

// Asks again until the answer is truthy: pages change while the demo runs.
async function eventually(what, seconds, question) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const answer = await question();
    if (answer) return answer;
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

const demo = spawn(program, ['demo', '--listen', '127.0.0.1:0'], { stdio: ['ignore', 'pipe', 'pipe'] });
let said = '';
demo.stdout.on('data', (text) => (said += text));
demo.stderr.on('data', (text) => (said += text));
const ended = new Promise((resolve) => {
  demo.on('exit', (code, signal) => resolve({ code, signal }));
  demo.on('error', (error) => resolve({ code: `cannot be started: ${error.message}` }));
});
let running = true;
ended.then(() => (running = false));

let browser;
try {
  const base = await eventually(`the demo names its address; it said:\n${said}`, 30, () => {
    if (!running) throw new Error(`the demo ended at once; it said:\n${said}`);
    // What it prints to be opened: a line of its own with an address that ends in a slash.
    return said.match(/^\s+(http:\/\/127\.0\.0\.1:\d+)\/$/m)?.[1];
  });
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium',
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  await drive(browser, base);
} catch (error) {
  failed += 1;
  console.log(`FAILED  the run itself\n        ${error.message}`);
} finally {
  await browser?.close();
  if (running) {
    await test('SIGTERM ends the demo with exit code 0', async () => {
      // A stop takes a moment, and longer while a busy disk holds up what is stored: how long is told.
      const since = Date.now();
      demo.kill('SIGTERM');
      const late = new Promise((resolve) => setTimeout(resolve, 60_000, { code: 'none: it goes on' }).unref());
      const { code, signal } = await Promise.race([ended, late]);
      console.log(`        it took ${Date.now() - since} ms`);
      expect(code === 0, `exit code ${code}, signal ${signal}; the last that it said:\n${said.slice(-2000)}`);
    });
  }
  if (running) demo.kill('SIGKILL');
}
console.log(`screenshots: ${shots}`);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

async function drive(browser, base) {
  const context = await browser.newContext(looks.light);
  const page = await context.newPage();
  const complaints = listen(page, base);
  const href = (selector) => page.locator(selector).first().evaluate((link) => new URL(link.href).pathname);
  const topicLinks = 'main a[href*="/topics/"]:not([href*="/feed."]):not([href*="/archive/"])';
  const storyLinks = 'main a[href*="/stories/"]';
  const paths = { home: '/', sources: '/sources' };

  await test('the front page shows topics with stories', async () => {
    await eventually('a story on the front page', 40, async () => {
      await openFresh(page, `${base}/`);
      return (await page.locator(storyLinks).count()) > 0;
    });
    const topics = await page.locator(topicLinks).evaluateAll((links) => new Set(links.map((link) => new URL(link.href).pathname)).size);
    expect(topics >= 4, `four topics are linked, not ${topics}`);
    expect((await page.title()).length > 0, 'the page has a title');
    expect(page.url().startsWith(base), 'it stays on this server');
  });

  await test('a topic is found from the front page and names its three feeds', async () => {
    await page.goto(`${base}/`);
    paths.topic = await href(topicLinks);
    await page.locator(topicLinks).first().click();
    await page.waitForLoadState();
    expect(new URL(page.url()).pathname === paths.topic, `at ${page.url()}`);
    expect((await page.locator('h1').count()) === 1, 'one heading');
    const feeds = await page.locator('head link[rel=alternate]').evaluateAll((links) => links.map((link) => [link.type, link.href]));
    for (const type of ['application/atom+xml', 'application/rss+xml', 'application/feed+json']) {
      const feed = feeds.find(([declared]) => declared === type)?.[1];
      expect(feed, `no <link rel=alternate> of type ${type}`);
      const answer = await context.request.get(feed);
      expect(answer.ok(), `${feed} answers ${answer.status()}`);
      expect(answer.headers()['content-type'].startsWith(type), `${feed} is ${answer.headers()['content-type']}`);
      const again = await context.request.get(feed, { headers: { 'if-none-match': answer.headers().etag } });
      expect([200, 304].includes(again.status()), `${feed} answers ${again.status()} to its own tag`);
    }
  });

  await test('a story opens from a topic and leads to its publication', async () => {
    await page.goto(`${base}/topics/all`);
    paths.all = '/topics/all';
    paths.story = await href(storyLinks);
    await page.locator(storyLinks).first().click();
    await page.waitForLoadState();
    expect(new URL(page.url()).pathname === paths.story, `at ${page.url()}`);
    const outward = await page.locator('main a[href^=http]').evaluateAll((links, base) => links.map((link) => link.href).filter((link) => !link.startsWith(base)), base);
    expect(outward.length > 0, 'a link to the original');
  });

  await test('the sources page shows both publications', async () => {
    await page.goto(`${base}/sources`);
    const text = await page.locator('main').innerText();
    for (const title of ['2 Minute Serverless', 'Snack On AI']) expect(text.includes(title), `${title} is missing`);
  });

  await test('the name of a source leads to its stories', async () => {
    await page.goto(`${base}/sources`);
    const link = page.locator('main th a').first();
    const title = await link.innerText();
    await link.click();
    await page.waitForLoadState();
    paths.source = new URL(page.url()).pathname;
    expect(paths.source.startsWith('/sources/'), `at ${page.url()}`);
    expect((await page.locator('h1').innerText()) === title, 'its title is the heading');
    expect((await page.locator(storyLinks).count()) > 0, 'its stories are listed');
  });

  await test('a topic is found in the navigation of any page', async () => {
    await page.goto(`${base}/sources`);
    const link = page.locator('nav[aria-label=Topics] a').first();
    const target = await link.evaluate((link) => new URL(link.href).pathname);
    await link.click();
    await page.waitForLoadState();
    expect(new URL(page.url()).pathname === target, `at ${page.url()}`);
    expect((await page.locator('nav[aria-label=Topics] a[aria-current=page]').count()) === 1, 'it is marked');
  });

  await test('a new post shows up without anybody doing anything', async () => {
    const newest = async () => {
      await openFresh(page, `${base}/topics/all`);
      return href(storyLinks);
    };
    const before = await newest();
    await eventually('another newest story', 40, async () => (await newest()) !== before);
  });

  await test('a search from the head of any page finds a story and offers its feed', async () => {
    await page.goto(`${base}/topics/all`);
    const box = page.locator('header input[name=q]');
    await box.fill((await page.locator('main .p-name').nth(1).innerText()).split(/\s+/)[0]);
    await box.press('Enter');
    await page.waitForLoadState();
    expect(new URL(page.url()).pathname === '/search', `at ${page.url()}`);
    expect((await page.locator(storyLinks).count()) > 0, 'a story is found');
    const feed = await page.locator('head link[rel=alternate]').first().getAttribute('href');
    expect((await context.request.get(feed)).ok(), `${feed} answers`);
    paths.search = new URL(page.url()).pathname + new URL(page.url()).search;
    paths.nothing = '/search?q=zzzzzz';
    paths.unsorted = '/unsorted';
  });

  await test('a month of everything is found from its heading', async () => {
    await page.goto(`${base}/stories/1`);
    const month = (await page.locator('time.dt-published').first().getAttribute('datetime')).slice(0, 7);
    const answer = await page.goto(`${base}/topics/all/${month}`);
    expect(answer.ok(), `${page.url()} answers ${answer.status()}`);
    expect((await page.locator('main a[href="/stories/1"]').count()) === 1, 'the story is there');
    paths.month = new URL(page.url()).pathname;
  });

  await test('an unknown topic is a 404 page that lists the topics', async () => {
    const elsewhere = await context.newPage(); // its console may complain about the 404
    const answer = await elsewhere.goto(`${base}/topics/no-such-topic`);
    expect(answer.status() === 404, `status ${answer.status()}`);
    expect((await elsewhere.locator('a[href*="/topics/"]').count()) >= 4, 'it links the topics');
    await elsewhere.close();
  });
  await context.close();

  for (const [look, options] of Object.entries(looks)) {
    const context = await browser.newContext(options);
    const page = await context.newPage();
    complaints.push(...(await visitAll(page, base, paths, look)));
    await context.close();
  }

  await test('no page complained in the console and none asked another host', async () => {
    expect(complaints.length === 0, complaints.join('\n'));
  });
}

async function visitAll(page, base, paths, look) {
  const complaints = listen(page, base);
  for (const [name, path] of Object.entries(paths)) {
    await test(`${name} in ${look}: accessible, within its width, one screenshot`, async () => {
      await page.goto(base + path);
      await page.screenshot({ path: join(shots, `${name}-${look}.png`), fullPage: true });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      expect(over <= 0, `the page is ${over} pixels too wide`);
      await page.evaluate(axeSource);
      const { violations } = await page.evaluate(() => globalThis.axe.run());
      const told = violations.map((v) => `${v.id}: ${v.help}\n  ${v.nodes.slice(0, 3).map((node) => node.html).join('\n  ')}`);
      expect(violations.length === 0, told.join('\n'));
    });
  }
  return complaints;
}

// Collects what a page complains about; the array grows while the page lives.
function listen(page, base) {
  const complaints = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`${page.url()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`${page.url()}: ${error.message}`));
  page.on('request', (request) => {
    if (!request.url().startsWith(base) && !request.url().startsWith('data:')) complaints.push(`${page.url()} asks ${request.url()}`);
  });
  return complaints;
}
