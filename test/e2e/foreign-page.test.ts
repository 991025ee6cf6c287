/** What a page of another origin can do to the store and the view server in a real Chromium: nothing. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type LocalCluster, startLocalCluster } from '../support/local-cluster.ts';
import { hasChromium, openBrowser } from '../support/open-page.ts';

/** Names that lead to this machine in the browser, as after a rebinding: only the second is one of the cluster's own. */
const rebound = 'evil.example';
const own = 'store.example';
const pixel =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

let cluster: LocalCluster;
let store: string;
let view: string;
let port: string;
let site: Server;
let browser: Browser;
let page: Page;
/** "POST /v1/batch 403" for every answer to the page's requests. */
let answers: string[];

beforeAll(async () => {
  if (!hasChromium) return;
  cluster = await startLocalCluster({ shards: 1, members: 1, sharders: 1, http: { hosts: [own] } });
  store = cluster.endpoint;
  port = new URL(store).port;
  view = (await cluster.provider.viewServerEndpoint())!;
  site = createServer((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<title>another origin</title>');
  });
  site.listen(0, '127.0.0.1');
  await once(site, 'listening');
  browser = await openBrowser([`--host-resolver-rules=MAP ${rebound} 127.0.0.1, MAP ${own} 127.0.0.1`]);
});

afterAll(async () => {
  if (!hasChromium) return;
  await browser.close();
  site.close();
  await cluster.close();
});

const put = (key: string, body: string | Buffer) => fetch(`${store}/v1/kv/${key}`, { method: 'PUT', body });
const valueOf = async (key: string) => (await fetch(`${store}/v1/kv/${key}`)).text();
const jobsOf = async () => (await fetch(`${view}/jobs`)).json();
const foreign = () => `http://localhost:${(site.address() as AddressInfo).port}/`;

beforeEach(async () => {
  if (!hasChromium) return;
  await put('kept', 'old');
  page = await browser.newPage();
  answers = [];
  await noteAnswers();
});

/** From the browser's network itself: the page, and a tool that watches only the page, do not see answers withheld from it. */
async function noteAnswers(): Promise<void> {
  const session = await page.context().newCDPSession(page);
  const requests = new Map<string, string>();
  const statuses = new Map<string, number>();
  const note = (id: string) => {
    if (requests.has(id) && statuses.has(id)) answers.push(`${requests.get(id)} ${statuses.get(id)}`);
  };
  session.on('Network.requestWillBeSent', ({ requestId, request: { method, url } }) => {
    const { pathname, port: to } = new URL(url);
    if (to !== port && !url.startsWith(view)) return;
    requests.set(requestId, `${method} ${pathname}`);
    note(requestId);
  });
  session.on('Network.responseReceivedExtraInfo', ({ requestId, statusCode }) => {
    statuses.set(requestId, statusCode);
    note(requestId);
  });
  await session.send('Network.enable');
}

afterEach(async () => {
  if (!hasChromium) return;
  await page.close();
  expect(await valueOf('kept')).toBe('old');
  expect(await jobsOf()).toEqual({ jobs: [] });
});

/** The result of a fetch in the page: its status, 0 for one that the page may not see, or nothing at all. */
function fetchInPage(url: string, init: object = {}): Promise<string> {
  return page.evaluate<string, [string, object]>(
    ([target, options]) =>
      fetch(target, options).then(
        (response) => String(response.status),
        () => 'refused',
      ),
    [url, init],
  );
}

/** Adds the element to the page. @returns whether it loaded. */
function load(tag: 'img' | 'script' | 'link', url: string): Promise<string> {
  return page.evaluate<string>(
    `(([tag, url]) => new Promise((resolve) => {
      const element = document.createElement(tag);
      element.onload = () => resolve('loaded');
      element.onerror = () => resolve('failed');
      if (tag === 'link') element.rel = 'stylesheet';
      element[tag === 'link' ? 'href' : 'src'] = url;
      document.body.append(element);
    }))(${JSON.stringify([tag, url])})`,
  );
}

const batch = JSON.stringify({ operations: [{ op: 'put', key: 'kept', value: 'new' }] });

describe.runIf(hasChromium)('a page of another origin', () => {
  beforeEach(() => page.goto(foreign()));

  test.each([
    ['a read that it wants to see', '/v1/kv/kept', {}, ['GET /v1/kv/kept 403']],
    ['a read', '/v1/kv/kept', { mode: 'no-cors' }, ['GET /v1/kv/kept 403']],
    ["the original's read", '/kept', { mode: 'no-cors' }, ['GET /kept 403']],
    ['metrics', '/metrics', { mode: 'no-cors' }, ['GET /metrics 403']],
    [
      'a batch as text',
      '/v1/batch',
      { mode: 'no-cors', method: 'POST', body: batch },
      ['POST /v1/batch 403'],
    ],
  ])('is refused %s', async (_what, path, init, expected) => {
    expect(await fetchInPage(`${store}${path}`, init)).toBe('refused');
    await expect.poll(() => answers).toEqual(expected);
  });

  test.each([
    ['a write', '/v1/kv/kept', { method: 'PUT', body: 'new' }],
    ['a delete', '/v1/kv/kept', { method: 'DELETE' }],
    [
      'a batch as JSON',
      '/v1/batch',
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: batch },
    ],
  ])('asks before %s, and is refused', async (_what, path, init) => {
    expect(await fetchInPage(`${store}${path}`, init)).toBe('refused');
    await expect.poll(() => answers).toEqual([`OPTIONS ${path} 403`]);
  });

  test.each([
    ['a change with a body', '/rebalance', { mode: 'no-cors', method: 'POST', body: '{}' }],
    ['a change without one', '/shards', { mode: 'no-cors', method: 'POST' }],
    ['the view', '/view', { mode: 'no-cors' }],
  ])('is refused %s by the view server', async (_what, path, init) => {
    expect(await fetchInPage(`${view}${path}`, init)).toBe('refused');
    await expect.poll(() => answers).toEqual([expect.stringMatching(/ 403$/)]);
  });

  test('is refused what a form sends', async () => {
    await page.evaluate(
      `(() => {
        const form = document.createElement('form');
        Object.assign(form, { method: 'post', enctype: 'text/plain', action: ${JSON.stringify(`${store}/v1/batch`)} });
        const input = document.createElement('input');
        input.name = ${JSON.stringify(batch.slice(0, -2))};
        input.value = ']}';
        form.append(input);
        document.body.append(form);
        form.submit();
      })()`,
    );
    await expect.poll(() => answers).toContain('POST /v1/batch 403');
  });

  test.each(['img', 'script', 'link'] as const)('sees nothing of a value by <%s>', async (tag) => {
    await put('script', 'globalThis.stolen = true;');
    await put('picture', Buffer.from(pixel, 'base64'));
    const key = tag === 'img' ? 'picture' : 'script';
    expect(await load(tag, `${store}/v1/kv/${key}`)).toBe('failed');
    expect(await page.evaluate('globalThis.stolen')).toBeUndefined();
    await expect.poll(() => answers).toEqual([`GET /v1/kv/${key} 403`]);
  });

  // To a name without TLS a browser does not send which site asks.
  test.each(['img', 'script', 'link'] as const)(
    'sees nothing of a value by <%s> where the browser says nothing of its origin',
    async (tag) => {
      await put('script', 'globalThis.stolen = true;');
      await put('picture', Buffer.from(pixel, 'base64'));
      const key = tag === 'img' ? 'picture' : 'script';
      expect(await load(tag, `http://${own}:${port}/v1/kv/${key}`)).toBe('failed');
      expect(await page.evaluate('globalThis.stolen')).toBeUndefined();
    },
  );
});

describe.runIf(hasChromium)('a page whose name was made to lead here', () => {
  test('is refused, though to the browser it is of the same origin', async () => {
    const answer = await page.goto(`http://${rebound}:${port}/livez`);
    expect(answer!.status()).toBe(403);
    expect(await fetchInPage('/v1/kv/kept')).toBe('403');
    expect(await fetchInPage('/v1/kv/kept', { method: 'PUT', body: 'new' })).toBe('403');
    const headers = { 'content-type': 'application/json' };
    expect(await fetchInPage('/v1/batch', { method: 'POST', headers, body: batch })).toBe('403');
    const viewPort = new URL(view).port;
    expect((await page.goto(`http://${rebound}:${viewPort}/view`))!.status()).toBe(403);
    expect(await fetchInPage('/shards', { method: 'POST', headers, body: '{}' })).toBe('403');
  });
});

describe.runIf(hasChromium)('the user', () => {
  test.each(['127.0.0.1', 'localhost', own])('reads at %s what the server itself shows', async (name) => {
    expect((await page.goto(`http://${name}:${port}/v1/kv/kept`).catch(() => null))?.status() ?? 200).toBe(
      200,
    );
    await page.goto(`http://${name}:${port}/livez`);
    expect(await fetchInPage('/v1/kv/kept')).toBe('200');
    expect(await fetchInPage('/v1/kv/written', { method: 'PUT', body: 'by hand' })).toBe('204');
    expect(await valueOf('written')).toBe('by hand');
  });
});

test.runIf(!hasChromium)(
  'is judged by its headers where there is no Chromium: test/e2e/http-rules.test.ts',
  () => {
    expect(hasChromium).toBe(false);
  },
);
