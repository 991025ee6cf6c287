/** The drawing of `vase check --html`, opened in Chromium. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { checkHistory } from '../../sim/checker/check-history.ts';
import { readDrawingAssets } from '../../sim/checker/drawing/drawing-assets.ts';
import { drawHistory } from '../../sim/checker/drawing/draw-history.ts';
import { toHistoryLines } from '../../sim/checker/history/history-lines.ts';
import { HistoryReader, type History } from '../../sim/checker/history/history-reader.ts';
import type { Operation } from '../../sim/checker/history/operation.ts';
import { makeHistory, makeStale } from '../bench/checker-histories.ts';
import { hasChromium, openPage, type OpenPage } from '../support/open-page.ts';

let folder: string;
let open: OpenPage;
let page: Page;

beforeAll(async () => {
  if (!hasChromium) return;
  folder = await mkdtemp(join(tmpdir(), 'vase-drawing-'));
  const file = join(folder, 'history.html');
  await writeFile(file, drawIllegalHistory());
  open = await openPage(file, { viewport: { width: 1280, height: 720 } });
  page = open.page;
});

afterAll(async () => {
  if (!hasChromium) return;
  await open.close();
  await rm(folder, { recursive: true });
});

/** Thousands of operations on three keys, one of them with a stale read, and a fault around it. */
function drawIllegalHistory(): string {
  const history = readShapedHistory((operations) => makeStale(operations, 3000));
  return drawHistory(history, checkHistory(history.operations), readDrawingAssets());
}

function readShapedHistory(change: (operations: Operation[]) => Operation[]): History {
  const shape = { operations: 4000, keys: 3, concurrency: 6, versions: false, open: 12, reads: 0.5, seed: 4 };
  const operations = change(makeHistory({ ...shape, values: 'unique', writes: ['put', 'cas', 'delete'] }));
  const reader = new HistoryReader();
  const scaled = operations.map((operation) => ({
    ...operation,
    invoked: operation.invoked * 1e5,
    returned: operation.returned * 1e5,
  }));
  for (const line of toHistoryLines(scaled, [{ name: 'kill etcd-1-2', fromNs: 0, untilNs: null }])) {
    reader.readLine(line);
  }
  return reader.finish();
}

test.runIf(hasChromium)(
  'shows a lane for each process around the failure, and the numbered path to it',
  async () => {
    const lanes = await page.locator('.lane').count();
    const processes = await page
      .locator('.lane')
      .evaluateAll((all) => all.map((lane) => lane.getAttribute('data-process')));
    expect(lanes).toBeGreaterThanOrEqual(6);
    expect(new Set(processes).size).toBe(lanes);
    const steps = await page.locator('.point text').allTextContents();
    expect(steps.length).toBeGreaterThan(5);
    expect(steps.map(Number)).toEqual(steps.map(Number).toSorted((a, b) => a - b));
    expect(await page.locator('.path').getAttribute('d')).toMatch(/^M.*C/);
    expect(await page.locator('.fault text').textContent()).toBe('kill etcd-1-2');
  },
);

test.runIf(hasChromium)('shows the one operation that cannot be placed in red, and in view', async () => {
  const blocked = page.locator('.operation.blocked');
  expect(await blocked.count()).toBe(1);
  const stroke = await page.evaluate<string>(
    `getComputedStyle(document.querySelector('.blocked rect')).stroke`,
  );
  const [red, green] = stroke.match(/\d+/g)!.map(Number);
  expect(red).toBeGreaterThan(180);
  expect(green).toBeLessThan(120);
  const box = (await blocked.locator('rect').boundingBox())!;
  expect(box.x).toBeGreaterThan(0);
  expect(box.x + box.width).toBeLessThan(1280);
  expect(box.y + box.height).toBeLessThan(720);
});

test.runIf(hasChromium)('tells the details of what the pointer is on', async () => {
  expect(await page.locator('#details').isVisible()).toBe(false);
  await page.locator('.operation.blocked rect').hover();
  expect(await page.locator('#details').isVisible()).toBe(true);
  expect(await page.locator('#details').textContent()).toMatch(
    /get.*process.*result.*found.*cannot be placed/s,
  );
  await page.mouse.move(1, 1);
  expect(await page.locator('#details').isVisible()).toBe(false);
});

test.runIf(hasChromium)(
  'zooms, shows everything, comes back to the failure, and changes the key',
  async () => {
    const note = () => page.locator('#note').textContent();
    const first = await note();
    await page.locator('#fit').click();
    expect(Number(/^\d+/.exec((await note())!))).toBeGreaterThan(1000);
    await page.locator('#failure').click();
    expect(await note()).toBe(first);
    await page.locator('#key').selectOption('1');
    expect(await page.locator('#title').textContent()).toContain('Linearizable');
    expect(await page.locator('.operation.blocked').count()).toBe(0);
    await page.locator('#key').selectOption('0');
  },
);

test.runIf(hasChromium)('has a light and a dark face', async () => {
  const paper = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
  const before = await paper();
  await page.locator('#theme').click();
  expect(await paper()).not.toBe(before);
});

test.runIf(hasChromium)('needs no network and reports no error', () => {
  expect(open.errors).toEqual([]);
  expect(open.requests.filter((url) => !url.startsWith('file:'))).toEqual([]);
});

test.runIf(hasChromium)(
  'shows what else was found in the time line, with its sentence, and in view',
  async () => {
    const history = readShapedHistory((operations) => operations);
    const untilNs = history.timesNs.at(-1)!;
    const findings = [
      { name: 'process-ended', what: 'etcd-1-0 <ended> by itself', fromNs: untilNs / 2, untilNs: null },
      { name: 'no-answer', what: 'etcd-1 answered nothing', fromNs: untilNs * 0.1, untilNs: untilNs * 0.4 },
    ];
    const html = drawHistory(history, checkHistory(history.operations), readDrawingAssets(), findings);
    const file = join(folder, 'findings.html');
    await writeFile(file, html);
    const found = await openPage(file, { viewport: { width: 1280, height: 720 } });
    onTestFinished(() => found.close());
    const told = await found.page.locator('#findings li').allTextContents();
    expect(told).toEqual(['process-ended etcd-1-0 <ended> by itself.', 'no-answer etcd-1 answered nothing.']);
    expect(await found.page.locator('.finding text').allTextContents()).toEqual([
      'process-ended',
      'no-answer',
    ]);
    for (const span of await found.page.locator('.finding rect').all()) {
      const box = (await span.boundingBox())!;
      expect(box.width).toBeGreaterThan(200);
      expect(box.x + box.width).toBeLessThan(1280);
    }
    await found.page
      .locator('.finding rect')
      .first()
      .hover({ position: { x: 150, y: 8 } });
    expect(await found.page.locator('#details').textContent()).toContain('etcd-1-0 <ended> by itself');
    expect(found.errors).toEqual([]);
  },
);

test.runIf(!hasChromium)('is drawn though there is no Chromium here to look at it', () => {
  expect(drawIllegalHistory()).toContain('<svg id="chart"');
});
