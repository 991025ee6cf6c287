/** The benchmark's report, opened in Chromium from its file. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readRun } from '../../scripts/bench/records/read-run.ts';
import { makeReport } from '../../scripts/bench/report/write-report.ts';
import { hasChromium, openPage, type OpenPage } from '../support/open-page.ts';
import { writeSyntheticRun } from '../support/synthetic-run.ts';

let folder: string;
let open: OpenPage;
let page: Page;

beforeAll(async () => {
  if (!hasChromium) return;
  folder = await mkdtemp(join(tmpdir(), 'vase-bench-report-'));
  await writeSyntheticRun(folder, { profiles: ['calibrated', 'gke-pd-ssd'], failing: ['b2'], repeats: 2 });
  const file = join(folder, 'report.html');
  await writeFile(file, makeReport(await readRun(folder)).page);
  open = await openPage(file, { viewport: { width: 1280, height: 800 }, colorScheme: 'light' });
  page = open.page;
});

afterAll(async () => {
  if (!hasChromium) return;
  await open.close();
  await rm(folder, { recursive: true });
});

test.runIf(hasChromium)("shows the original's two figures, four panels each, with three series", async () => {
  for (const id of ['scaling-sharders', 'scaling-shards']) {
    const figure = page.locator(`#${id}`);
    expect(await figure.locator('.panel svg').count()).toBe(4);
    const legend = (await figure.locator('.legend li').allTextContents()).map((text) => text.trim());
    expect(legend).toEqual(
      expect.arrayContaining(['original (2022, GKE)', 'predicted for this machine', 'measured in this run']),
    );
  }
});

test.runIf(hasChromium)('no label lies on another, and none leaves its panel', async () => {
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 800 });
    const troubles = await page.evaluate<string[]>(`(() => {
      const troubles = [];
      for (const panel of document.querySelectorAll('.panel')) {
        const frame = panel.querySelector('svg').getBoundingClientRect();
        const texts = [...panel.querySelectorAll('svg text')]
          .map((text) => ({ text: text.textContent, box: text.getBoundingClientRect() }))
          .filter(({ text, box }) => text !== '' && box.width > 0);
        for (const [index, one] of texts.entries()) {
          const { left, right, top, bottom } = one.box;
          if (left < frame.left - 2 || right > frame.right + 2) troubles.push(one.text + ' leaves its panel');
          for (const other of texts.slice(index + 1)) {
            const x = Math.min(right, other.box.right) - Math.max(left, other.box.left);
            const y = Math.min(bottom, other.box.bottom) - Math.max(top, other.box.top);
            if (x > 2 && y > 5) troubles.push(one.text + ' on ' + other.text);
          }
        }
      }
      return troubles;
    })()`);
    expect(troubles).toEqual([]);
  }
  await page.setViewportSize({ width: 1280, height: 800 });
});

test.runIf(hasChromium)('tells the values of what the pointer is on', async () => {
  const tip = page.locator('#tip');
  expect(await tip.isVisible()).toBe(false);
  await page.locator('#scaling-sharders-this-run [data-tip^="a2: measured"]').first().hover();
  expect(await tip.textContent()).toMatch(/requests\/s: [\d,]+\n2 repeats, .*\nlimit: sharders/);
  await page.mouse.move(2, 2);
  expect(await tip.isVisible()).toBe(false);
});

test.runIf(hasChromium)('has a table under each figure', async () => {
  const figures = await page.locator('section:has(figure)').count();
  expect(await page.locator('section:has(figure) > details').count()).toBe(figures);
  const details = page.locator('#scaling-shards details');
  expect(await details.locator('table').isVisible()).toBe(false);
  await details.locator('summary').click({ position: { x: 5, y: 5 } });
  expect(await details.locator('tbody tr').first().textContent()).toContain('original');
  expect(await details.locator('table').isVisible()).toBe(true);
});

test.runIf(hasChromium)('does not scroll sideways on a telephone', async () => {
  await page.setViewportSize({ width: 360, height: 700 });
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
  await page.setViewportSize({ width: 1280, height: 800 });
});

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
