import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { open, type Connection, type ConnectionConfig, type Database } from 'kingbase-native';
import { blocksOf, documents, textOf, type Block } from '../support/documents/blocks.js';
import { compile, runBlock } from '../support/documents/run-block.js';
import { startTestCluster, type TestCluster } from '../support/cluster.js';
import { settingOf, type Setting } from '../support/documents/scopes.js';
import { targets } from '../support/targets.js';

const target = targets().find(({ transport }) => transport === 'TCP')!;
const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Record<string, string> };
const COMMANDS = ['doctor', 'libs', 'ping', 'query', 'build', 'top', 'init', 'topology', 'help'];
const none = { run: 0, 'not run, with a reason': 0, parsed: 0, shown: 0 };
const countedIn = { en: { ...none }, 'zh-CN': { ...none } };

const PROGRAMS = new Set(['js', 'ts']);

/** For the pages that are about one. Started by the first of them, since it takes seconds. */
let cluster: Promise<TestCluster> | undefined;

async function clusterConfig(): Promise<ConnectionConfig> {
  cluster ??= startTestCluster();
  const { servers } = await cluster;
  const { user, database, clientLibrary } = target.config;
  return { user, database, clientLibrary, hosts: servers.map(({ host, port }) => ({ host, port })) };
}

afterAll(async () => {
  await (await cluster)?.stop();
});
afterAll(() => {
  for (const [language, counts] of Object.entries(countedIn))
    console.log(`code blocks, ${language}: ${JSON.stringify(counts)}`);
});

/** Scripts and commands of the package's own that a shell block names are there. */
function checkCommands({ code }: Block): void {
  for (const [, script = ''] of code.matchAll(/\bnpm run (?:-s )?([\w:-]+)/g))
    expect(scripts).toHaveProperty([script]);
  for (const [, command = ''] of code.matchAll(/\bkingbase-native ([a-z]+)\b/g))
    expect(COMMANDS).toContain(command);
}

describe.each([...documents('en'), ...documents('zh-CN')])('%s', (document) => {
  const blocks = blocksOf(document);
  const counted = countedIn[document.endsWith('.zh-CN.md') ? 'zh-CN' : 'en'];
  const schema = `document_${document.replace(/\W/g, '_').toLowerCase()}`;
  let config: ConnectionConfig;
  let db: Database;
  let connection: Connection | undefined;
  let setting: Setting;
  const dsn = 'kingbase://system:secret@127.0.0.1:54321/test';

  beforeAll(async () => {
    setting = settingOf(document, () => db, target.config);
    const place = setting.onCluster === true ? await clusterConfig() : target.config;
    config = { ...place, options: `-c search_path=${schema}` };
    db = open(config, setting.onCluster === true ? { cluster: true } : {});
    await db.script(`DROP SCHEMA IF EXISTS ${schema} CASCADE; CREATE SCHEMA ${schema}; ${setting.sql ?? ''}`);
    process.env['KINGBASE_URL'] ??= dsn;
    if (setting.connects === true) connection = await db.connect();
  });
  afterAll(async () => {
    await connection?.release();
    await db.script(`DROP SCHEMA ${schema} CASCADE`);
    await db.close({ timeout: 1_000 });
  });

  const run = async (block: Block): Promise<void> => {
    if (block.notRun !== undefined) {
      counted['not run, with a reason']++;
      return;
    }
    if (PROGRAMS.has(block.language)) {
      const ran = runBlock(block, config, { db, dsn, connection, ...setting.scope });
      if (block.rejectsWith === undefined) await ran;
      else await expect(ran).rejects.toMatchObject({ code: block.rejectsWith });
      counted.run++;
    } else if (block.language === 'sql') {
      await db.script(block.code);
      counted.run++;
    } else if (block.language === 'json') {
      JSON.parse(block.code);
      counted.parsed++;
    } else if (block.language === 'sh') {
      counted.parsed++;
    } else {
      counted.shown++;
    }
  };

  it.runIf(blocks.length > 0)('has blocks that run', async () => {
    for (const block of blocks) {
      if (PROGRAMS.has(block.language)) compile(block);
      if (block.language === 'sh') checkCommands(block);
      try {
        await run(block);
      } catch (error) {
        throw new Error(`${document}:${block.line} does not run: ${String(error)}`, { cause: error });
      }
    }
    expect(blocks.length).toBeGreaterThan(0);
  });
});
