/** A page of one HTML file, opened in a real Chromium, with its errors and all its requests. */
import { existsSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

/** Debian's Chromium; the variable of Chromium's own tools names another one. */
const executablePath = process.env['CHROME_PATH'] ?? '/usr/bin/chromium';
export const hasChromium = existsSync(executablePath);

export interface OpenPage {
  page: Page;
  /** Errors, and everything that the page wrote to its console. */
  errors: string[];
  /** URLs. */
  requests: string[];
  close(): Promise<void>;
}

/** @param args for Chromium itself. */
export function openBrowser(args: readonly string[] = []): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', ...args] });
}

export async function openPage(file: string, options: BrowserContextOptions): Promise<OpenPage> {
  const browser = await openBrowser();
  const page = await browser.newPage(options);
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => errors.push(message.text()));
  page.on('request', (request) => requests.push(request.url()));
  await page.goto(pathToFileURL(file).href);
  return { page, errors, requests, close: () => browser.close() };
}
