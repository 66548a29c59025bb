import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { commandLine } from '../support/command-line.js';
import { targets, withDatabase } from '../support/targets.js';

interface Report {
  readonly schema: number;
  readonly server: { readonly version: string; readonly mode: string | null };
  readonly types: readonly {
    readonly name: string;
    readonly schema: string;
    readonly [key: string]: unknown;
  }[];
}

describe.each(targets().filter(({ transport }) => transport === 'TCP'))('doctor --types, $name', (target) => {
  const database = `doctor_types_${target.flavour}`;
  const { host, port, user } = target.config;
  const library = target.config.clientLibrary as string;
  const dsn = `kingbase://${user}@${host}:${port}/${database}?sslmode=disable`;
  const run = (...options: string[]) =>
    commandLine(['doctor', '--types', dsn, '--library', library, ...options]);

  beforeAll(async () => {
    await withDatabase(target, (admin) => admin.exec(`CREATE DATABASE ${database}`));
    await withDatabase(
      target,
      (admin) =>
        admin.script(`CREATE SCHEMA sys; CREATE DOMAIN sys.blob AS bytea; CREATE DOMAIN sys.date AS timestamp;
          CREATE TYPE mood AS ENUM ('ok'); CREATE TABLE no_type_of_its_own (a int)`),
      { database },
    );
  });
  afterAll(() => withDatabase(target, (admin) => admin.exec(`DROP DATABASE ${database}`)));

  it('lists what is not known by its number', async () => {
    const { stdout, code } = await run('--json');
    expect(code).toBe(0);
    const { schema, server, types } = JSON.parse(stdout) as Report;
    expect(schema).toBe(1);
    expect(server).toMatchObject({ version: expect.stringContaining('PostgreSQL 12') as string });
    const find = (inSchema: string, name: string) =>
      types.find((type) => type.name === name && type.schema === inSchema);
    expect(find('sys', 'blob')).toMatchObject({ kind: 'd', base: 'bytea', length: -1, standing: 'by-name' });
    expect(find('sys', 'date')).toMatchObject({ base: 'timestamp', standing: 'by-name' });
    expect(find('public', 'mood')).toMatchObject({ kind: 'e', standing: 'unknown' });
    const names = types.map(({ name }) => name);
    for (const known of ['int4', 'text', '_int4', 'jsonb', 'no_type_of_its_own', 'mood[]', '_mood'])
      expect(names).not.toContain(known);
    // The driver knows every number of this server rightly.
    expect(types.filter(({ standing }) => standing === 'other-type' || standing === 'other-number')).toEqual(
      [],
    );
  });

  it.each([
    ['en', 'known by its name', 'that the driver does not know by their numbers'],
    ['zh', '按名称识别', '不是由驱动按编号识别的'],
  ])('as text, %s', async (language, standing, sum) => {
    const { stdout, code } = await run('--lang', language);
    expect(code).toBe(0);
    expect(stdout).toMatch(new RegExp(`sys .* blob .* bytea .*${standing}`));
    expect(stdout).toContain(sum);
  });

  it('says why it cannot connect', async () => {
    const { stdout, stderr, code } = await commandLine([
      ...['doctor', '--types', `kingbase://${user}@${host}:${port}/nowhere?sslmode=disable`],
      ...['--library', library],
    ]);
    expect({ stdout, code }).toEqual({ stdout: '', code: 6 });
    expect(stderr).toContain('nowhere');
  });
});
