import { once } from 'node:events';
import { createReadStream, existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { parse, type DefaultTreeAdapterTypes as Tree } from 'parse5';
import type { Browser, Page } from 'puppeteer-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSite } from '../../site/build.mjs';
import { barriersOn, complaintsOf, launchChromium, overflows } from './browser.mjs';

const dist = path.resolve(import.meta.dirname, '../../site/dist');
/** Tabs at a time. */
const TABS = 4;
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
  '.json': 'application/json',
};

let server: Server;
let browser: Browser;
let origin: string;
let files: string[];

beforeAll(async () => {
  // As it was built, for working on the tests.
  if (process.env['KINGBASE_TEST_SITE_BUILT'] === undefined) buildSite();
  files = (readdirSync(dist, { recursive: true }) as string[]).filter((name) => name.endsWith('.html'));
  server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://site');
    const name = path.join(dist, decodeURIComponent(pathname));
    const file = pathname.endsWith('/') ? path.join(name, 'index.html') : name;
    if (pathname === '/favicon.ico') response.writeHead(204).end();
    else if (!existsSync(file) || !statSync(file).isFile()) response.writeHead(404).end();
    else {
      response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
      createReadStream(file).pipe(response);
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  browser = await launchChromium();
});
afterAll(async () => {
  await browser?.close();
  server?.close();
});

interface Parsed {
  ids: Set<string>;
  links: string[];
}

function parsed(file: string): Parsed {
  const found: Parsed = { ids: new Set(), links: [] };
  const walk = (node: Tree.Node): void => {
    if ('attrs' in node) {
      const of = (name: string): string | undefined => node.attrs.find((each) => each.name === name)?.value;
      const id = of('id');
      if (id !== undefined) found.ids.add(id);
      const link = of('href') ?? of('src');
      if (link !== undefined && ['a', 'img', 'link', 'script'].includes(node.tagName)) found.links.push(link);
    }
    if ('childNodes' in node) node.childNodes.forEach(walk);
  };
  walk(parse(readFileSync(path.join(dist, file), 'utf8')));
  return found;
}

describe('the site', () => {
  it('has no link that leads nowhere, and no anchor that is not there', () => {
    const all = new Map(files.map((file) => [file, parsed(file)]));
    const dead: string[] = [];
    for (const [file, { links }] of all) {
      for (const link of links) {
        if (/^(?:https?:|mailto:|data:)/.test(link)) continue;
        const { pathname, hash } = new URL(link, new URL(file, 'http://site/'));
        const target = decodeURIComponent(pathname).slice(1);
        const page = target === '' || target.endsWith('/') ? `${target}index.html` : target;
        const there = all.get(page);
        if (
          there === undefined
            ? !existsSync(path.join(dist, page))
            : hash !== '' && !there.ids.has(decodeURIComponent(hash.slice(1)))
        )
          dead.push(`${file}: ${link}`);
      }
    }
    expect([...new Set(dead)]).toEqual([]);
    expect(files.length).toBeGreaterThan(100);
  });

  it('has no page that complains in a browser', async () => {
    const waiting = files.filter((file) => file !== '404.html');
    const complaints: string[] = [];
    const visit = async (): Promise<void> => {
      const page = await browser.newPage();
      const own = complaintsOf(page);
      for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
        await page.goto(`${origin}/${file}`, { waitUntil: 'load' });
        // What a page without text would be.
        if ((await page.$$('main h1')).length === 0) own.push(`${file}: no heading`);
      }
      await page.close();
      complaints.push(...own);
    };
    await Promise.all(Array.from({ length: TABS }, visit));
    expect(complaints).toEqual([]);
  }, 300_000);

  async function opened(file: string): Promise<{ page: Page; complaints: string[] }> {
    const page = await browser.newPage();
    await page.setViewport({ width: 1440, height: 900 });
    const complaints = complaintsOf(page);
    await page.goto(`${origin}/${file}`, { waitUntil: 'networkidle0' });
    return { page, complaints };
  }

  const heading = (page: Page): Promise<unknown> =>
    page.evaluate(`document.querySelector('main h1').textContent.trim()`);

  it('switches the language of a page, and leads from a page without a twin to the other start', async () => {
    const { page, complaints } = await opened('pool.html');
    expect(await heading(page)).toMatch(/^The pool/);
    const change = async (label: string): Promise<void> => {
      await page.hover('.VPNavBarTranslations button');
      await page.waitForSelector('.VPNavBarTranslations .VPMenuLink a', { visible: true });
      await page.evaluate(
        `[...document.querySelectorAll('.VPNavBarTranslations .VPMenuLink a')].find((link) => link.textContent.trim() === '${label}').click()`,
      );
    };
    await change('简体中文');
    await page.waitForFunction(`document.querySelector('main h1')?.textContent.includes('连接池')`);
    expect(new URL(page.url()).pathname).toBe('/zh/pool.html');
    expect(await page.evaluate('document.documentElement.lang')).toBe('zh-CN');
    await change('English');
    await page.waitForFunction(`document.querySelector('main h1')?.textContent.includes('The pool')`);
    await page.goto(`${origin}/project/contributing.html`, { waitUntil: 'networkidle0' });
    await change('简体中文');
    await page.waitForFunction(`location.pathname.startsWith('/zh/')`);
    expect(await heading(page)).toMatch(/^文档/);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it.each([
    ['index.html', 'heartbeatInterval', '/pool.html', 'The pool'],
    ['zh/index.html', '心跳', '/zh/', '连接池'],
  ])('finds words: %s, %s', async (start, words, prefix, title) => {
    const { page, complaints } = await opened(start);
    await page.click('.VPNavBarSearch button');
    await page.waitForSelector('.VPLocalSearchBox input');
    await page.type('.VPLocalSearchBox input', words);
    await page.waitForSelector('.VPLocalSearchBox .result');
    const results = (await page.evaluate(
      `[...document.querySelectorAll('.VPLocalSearchBox a.result')].map((link) => ({ place: link.getAttribute('href'), text: link.textContent }))`,
    )) as { place: string; text: string }[];
    expect(results.every(({ place }) => place.startsWith('/zh/') === start.startsWith('zh/'))).toBe(true);
    expect(results.some(({ place, text }) => place.startsWith(prefix) && text.includes(title))).toBe(true);
    await page.keyboard.press('Enter');
    await page.waitForFunction(`!document.querySelector('.VPLocalSearchBox')`);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('documents the interface from its comments', async () => {
    const { page } = await opened('api/interfaces/PoolOptions.html');
    expect(await page.evaluate(`document.querySelector('main').textContent`)).toContain('acquireTimeout');
    await page.close();
  });

  it.each(['index.html', 'zh/troubleshooting.html', 'api/index.html'])(
    'can be read by all on %s',
    async (file) => {
      const { page } = await opened(file);
      const pictures = process.env['KINGBASE_TEST_SCREENSHOTS'];
      if (pictures !== undefined)
        await page.screenshot({ path: path.join(pictures, `${file.replaceAll('/', '-')}.png`) });
      expect(await barriersOn(page)).toEqual([]);
      expect(await overflows(page)).toBe(false);
      await page.close();
    },
  );
});
