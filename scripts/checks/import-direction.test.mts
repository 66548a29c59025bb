import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findWrongImports } from './import-direction.mjs';

let root: string;

beforeEach(() => {
  root = mkdtempSync(path.join(os.tmpdir(), 'import-direction-'));
  write('package.json', '{ "dependencies": { "in-use": "1" }, "devDependencies": { "at-home": "1" } }');
  for (const name of ['in-use', 'at-home']) {
    write(`node_modules/${name}/package.json`, `{ "name": "${name}", "main": "index.js" }`);
    write(`node_modules/${name}/index.js`, '');
  }
  write('lib/addon/interface.ts', 'export interface Native {}');
  write(
    'lib/driver/connection.ts',
    `import type { Native } from '../addon/interface.js'; import '../types/codec.js';`,
  );
  write('lib/types/codec.ts', `import type { Native } from '../addon/interface.js'; import 'in-use';`);
  write('lib/pool/pool.ts', `import '../driver/connection.js'; import '../sql/lexer.js';`);
  write('lib/sql/lexer.ts', `import 'node:util';`);
  write('lib/facade/database.ts', `import '../pool/pool.js'; import type { A } from 'at-home';`);
  write('lib/index.ts', `export * from './facade/database.js';`);
  write('lib/adapters/orm.ts', `import '../index.js'; import './dialect.js';`);
  write('lib/adapters/dialect.ts', 'export const dialect = 1;');
  write('lib/cli/main.ts', `import '../index.js'; import '../sql/lexer.js';`);
});

afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), text);
}

describe('import direction', () => {
  it('passes imports that go down', async () => {
    expect(await findWrongImports(root)).toEqual([]);
  });

  it.each([
    ['driver-imports-nothing-above', 'lib/driver/wrong.ts', `import '../pool/pool.js';`],
    [
      'driver-imports-nothing-above',
      'lib/driver/wrong.ts',
      `import type { D } from '../facade/database.js';`,
    ],
    ['pool-imports-nothing-above', 'lib/pool/wrong.ts', `export * from '../facade/database.js';`],
    [
      'types-sql-observability-client-library-imports-nothing-above',
      'lib/types/wrong.ts',
      `import '../driver/connection.js';`,
    ],
    ['errors-imports-nothing-above', 'lib/errors/wrong.ts', `import type { P } from '../pool/pool.js';`],
    [
      'config-encoding-imports-nothing-above',
      'lib/config/wrong.ts',
      `const load = () => import('../facade/database.js');`,
    ],
    ['addon-imports-nothing-above', 'lib/addon/interface.ts', `import '../sql/lexer.js';`],
    ['only-users-import-the-public-interface', 'lib/sql/wrong.ts', `import type { D } from '../index.js';`],
    ['adapters-use-the-public-interface', 'lib/adapters/wrong.ts', `import '../sql/lexer.js';`],
    ['cli-uses-the-public-interface-and-knowledge', 'lib/cli/wrong.ts', `import '../pool/pool.js';`],
    ['cli-uses-the-public-interface-and-knowledge', 'lib/cli/wrong.ts', `import '../adapters/orm.js';`],
    ['nothing-imports-adapters-or-cli', 'lib/facade/wrong.ts', `import '../adapters/dialect.js';`],
    ['no-development-dependency', 'lib/sql/wrong.ts', `import 'at-home';`],
    ['no-unresolved-import', 'lib/sql/wrong.ts', `import './missing.js';`],
  ])('finds a breach of %s in %s: %s', async (rule, file, text) => {
    write(file, text);
    const wrong = await findWrongImports(root);
    expect(wrong).toHaveLength(1);
    expect(wrong[0]).toMatch(new RegExp(`^${rule}: ${file} → `));
  });

  it('finds a cycle', async () => {
    write('lib/sql/one.ts', `import './two.js';`);
    write('lib/sql/two.ts', `import './one.js';`);
    const wrong = await findWrongImports(root);
    expect(wrong.length).toBeGreaterThan(0);
    expect(wrong.every((line) => line.startsWith('no-cycle: '))).toBe(true);
  });

  it('refuses a folder without modules', async () => {
    rmSync(path.join(root, 'lib'), { recursive: true });
    mkdirSync(path.join(root, 'lib'));
    await expect(findWrongImports(root)).rejects.toThrow('No module was found');
  });
});
