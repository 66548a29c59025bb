import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { poolLifePage } from '../../examples/pool-life/page.mjs';
import { commandLine } from '../support/command-line.js';
import { barriersOn, complaintsOf, launchChromium, overflows } from './browser.mjs';

const folder = mkdtempSync(path.join(os.tmpdir(), 'kingbase-reports-'));
let browser: Browser;

beforeAll(async () => {
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

/** The report of a server that is not there. */
async function report(file: string): Promise<void> {
  const { code } = await commandLine([
    'doctor',
    'kingbase://system@127.0.0.1:1/test',
    '--lang',
    'en',
    '--html',
    file,
  ]);
  expect([3, 4]).toContain(code);
}

async function poolLife(file: string): Promise<void> {
  const samples = Array.from({ length: 60 }, (_, n) => ({
    at: n * 100,
    open: n > 20 && n < 35 ? 0 : Math.min(8, n),
    inUse: n > 20 && n < 35 ? 0 : Math.min(6, n),
    waiting: n > 20 && n < 35 ? n - 20 : 0,
  }));
  const events = [
    { at: 100, kind: 'connect' as const, reason: 'made' },
    { at: 2_050, kind: 'disconnect' as const, reason: 'lost' },
  ];
  await writeFile(file, poolLifePage({ samples, events, outages: [{ from: 2_100, to: 3_400 }] }, 'en'));
}

describe.each([
  ['the report of doctor', 'report.html', report],
  ["the picture of a pool's life", 'pool-life.html', poolLife],
])('%s, in a browser', (_name, name, write) => {
  let page: Page;
  let complaints: string[];
  beforeAll(async () => {
    const file = path.join(folder, name);
    await write(file);
    page = await browser.newPage();
    await page.setViewport({ width: 1280, height: 900 });
    complaints = complaintsOf(page);
    await page.goto(pathToFileURL(file).href);
    const pictures = process.env['KINGBASE_TEST_SCREENSHOTS'];
    if (pictures !== undefined)
      await page.screenshot({ path: path.join(pictures, `${name}.png`), fullPage: true });
  });

  const shown = (): Promise<unknown> =>
    page.evaluate(
      `[...document.querySelectorAll('main')].filter((main) => main.checkVisibility()).map((main) => main.lang).join()`,
    );

  it('has contrast, names and languages as WCAG asks for, in both languages', async () => {
    for (const id of ['show-en', 'show-zh']) {
      await page.click(`label[for="${id}"]`);
      expect(await barriersOn(page)).toEqual([]);
    }
  });

  it('changes its language by the keyboard alone, and shows where the focus is', async () => {
    await page.reload();
    expect(await shown()).toBe('en');
    await page.keyboard.press('Tab');
    const outline = `getComputedStyle(document.querySelector('label[for="' + document.activeElement.id + '"]')).outlineStyle`;
    expect(await page.evaluate(outline)).toBe('solid');
    await page.keyboard.press('ArrowRight');
    expect(await shown()).toBe('zh-CN');
    await page.keyboard.press('ArrowLeft');
    expect(await shown()).toBe('en');
  });

  it('fits a narrow screen, and complains of nothing', async () => {
    expect(await overflows(page)).toBe(false);
    expect(complaints).toEqual([]);
  });
});
