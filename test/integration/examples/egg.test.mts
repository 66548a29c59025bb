import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import type { Database } from 'kingbase-native';

interface EggApplication {
  kingbase: Database;
  loader: { loadPlugin(): void; loadConfig(): void; loadCustomApp(): void };
  ready(): Promise<void>;
  close(): Promise<void>;
}
type EggCore = new (options: { baseDir: string; type: 'application' }) => EggApplication;

const root = path.resolve(import.meta.dirname, '../../..');
let application: string;

beforeAll(() => {
  application = mkdtempSync(path.join(os.tmpdir(), 'kingbase-egg-'));
  const plugin = path.join(application, 'lib/plugin/egg-kingbase');
  cpSync(path.join(root, 'examples/egg'), plugin, { recursive: true });
  mkdirSync(path.join(application, 'node_modules'));
  symlinkSync(root, path.join(application, 'node_modules/kingbase-native'));
  const { host, port, user, database } = inject('server');
  const files = {
    'framework/package.json': '{ "name": "framework" }',
    'package.json': '{ "name": "application", "egg": {} }',
    'config/plugin.js': `exports.kingbase = { enable: true, path: ${JSON.stringify(plugin)} };`,
    'config/config.default.js': `exports.kingbase = { url: 'kingbase://${user}@${host}:${port}/${database}' };`,
  };
  for (const folder of ['config', 'framework']) mkdirSync(path.join(application, folder));
  for (const [name, text] of Object.entries(files)) writeFileSync(path.join(application, name), text);
});
afterAll(() => rmSync(application, { recursive: true }));

it('is a plugin of Egg that opens the database before requests are taken, and closes it at the end', async () => {
  const { EggCore, EggLoader } = createRequire(import.meta.url)('egg-core') as {
    EggCore: EggCore;
    EggLoader: new (options: object) => EggApplication['loader'];
  };
  // What the package egg adds to its core: where the framework itself is.
  class Application extends EggCore {
    get [Symbol.for('egg#eggPath')](): string {
      return path.join(application, 'framework');
    }
    get [Symbol.for('egg#loader')](): typeof EggLoader {
      return EggLoader;
    }
  }
  const app = new Application({ baseDir: application, type: 'application' });
  app.loader.loadPlugin();
  app.loader.loadConfig();
  app.loader.loadCustomApp();
  await app.ready();
  expect(await app.kingbase.queryRow('SELECT $1::text AS city', ['杭州'])).toEqual({ city: '杭州' });
  expect(app.kingbase.stats().maxOpenConnections).toBe(5);
  await app.close();
  await expect(app.kingbase.query('SELECT 1')).rejects.toMatchObject({ code: 'KB_POOL_CLOSED' });
});
