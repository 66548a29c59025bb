import { Client } from 'pg';
import { open, type Connection, type Database, type Statement } from 'kingbase-native';
import type { Step } from './steps.js';
import { read, told } from './values.js';

const SETTING_UP = `
  DROP SCHEMA IF EXISTS one CASCADE; DROP SCHEMA IF EXISTS two CASCADE; DROP SCHEMA IF EXISTS differs_a CASCADE;
  CREATE SCHEMA one; CREATE SCHEMA two; CREATE SCHEMA differs_a;
  GRANT ALL ON SCHEMA one, two, differs_a TO differs_a, differs_b;
  ALTER DEFAULT PRIVILEGES GRANT ALL ON TABLES TO public;
  CREATE OR REPLACE FUNCTION public.sets(text, text) RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN PERFORM set_config($1, $2, false); RETURN 1; END $$;
  CREATE OR REPLACE FUNCTION public.sets_here(text, text) RETURNS int LANGUAGE plpgsql AS
    $$ BEGIN PERFORM set_config($1, $2, true); RETURN 1; END $$;
  CREATE TYPE one.e AS ENUM ('red', 'blue'); CREATE DOMAIN two.dom AS int4;
  CREATE TABLE one.t (a int4, b text); CREATE TABLE two.t (a text, b float8); CREATE TABLE differs_a.t (a int8, b date);
  CREATE FUNCTION one.f(int4) RETURNS text LANGUAGE sql AS $$ SELECT $1::text $$;
  CREATE VIEW one.v AS SELECT * FROM one.t`;

const WAITED = 'error 55P03';

/**
 * Within a transaction the server takes note of a type that another session has dropped and made again when it next takes a lock:
 * until then a value that is wrong for the new type may be told as a type that is not found, by either driver.
 */
const UNNOTICED = /^(?:error XX000 error 22P02|error 22P02 error XX000)$/;

interface Side {
  do(step: Step): Promise<unknown>;
}

/** One session of the driver under test. */
class Ours implements Side {
  private readonly prepared = new Map<string, Statement>();

  constructor(readonly connection: Connection) {}

  async do({ sql, parameters, way }: Step): Promise<unknown> {
    const { connection } = this;
    switch (way) {
      case 'script':
        await connection.script(sql);
        return undefined;
      case 'rows': {
        const rows: unknown[] = [];
        for await (const row of connection.rows(sql, parameters)) rows.push(row);
        return rows;
      }
      case 'prepared': {
        const statement = this.prepared.get(sql) ?? (await connection.prepare(sql));
        this.prepared.set(sql, statement);
        return (await statement.query(parameters)).rows;
      }
      case 'batch': {
        const [a, b, c, d] = parameters;
        const rows = [
          [a, b],
          [c, d],
        ];
        await connection.batchInsert('t', ['a', 'b'], rows);
        return [];
      }
      default:
        return (await connection.query(sql, parameters)).rows;
    }
  }

  async reset(): Promise<void> {
    await this.connection.script('ROLLBACK');
    for (const statement of this.prepared.values()) await statement.close();
    this.prepared.clear();
    await this.connection.exec('DISCARD ALL');
  }
}

/** One of the other driver, which prepares nothing. */
class Theirs implements Side {
  constructor(readonly client: Client) {}

  async do({ sql, parameters, way }: Step): Promise<unknown> {
    if (way === 'own') return [];
    if (way === 'batch') return this.batch(sql, parameters);
    const types = { getTypeParser: (oid: number) => (text: unknown) => read(oid, text as string) };
    const result = await this.client.query({ text: sql, values: [...parameters], types: types });
    return way === 'script' ? undefined : result.rows;
  }

  /** A batch that fails in a transaction leaves it as it was. */
  private async batch(sql: string, parameters: readonly unknown[]): Promise<unknown> {
    const inTransaction = await this.client.query('SAVEPOINT batch').then(
      () => true,
      () => false,
    );
    try {
      await this.client.query(sql, [...parameters]);
    } catch (error) {
      if (inTransaction) await this.client.query('ROLLBACK TO batch; RELEASE batch');
      throw error;
    }
    if (inTransaction) await this.client.query('RELEASE batch');
    return [];
  }

  async reset(): Promise<void> {
    await this.client.query('ROLLBACK');
    await this.client.query('DISCARD ALL');
  }
}

async function outcome(side: Side, step: Step): Promise<string> {
  try {
    const rows = await side.do(step);
    return step.way === 'own' ? '' : told(rows);
  } catch (error) {
    if (step.way === 'own') return '';
    // Of several faults of a batch any may be told first.
    if (step.way === 'batch') return 'error';
    const { code, message } = error as { code?: string; message?: string };
    return code !== undefined && /^[0-9A-Z]{5}$/.test(code) ? `error ${code}` : `failed: ${code} ${message}`;
  }
}

/** Both drivers, each with so many sessions on a database of its own of the same server. */
export class Two {
  private constructor(
    private readonly db: Database,
    private readonly ours: readonly Ours[],
    private readonly theirs: readonly Theirs[],
  ) {}

  static async open(
    server: { host: string; port: number; user: string },
    clientLibrary: string,
    sessions: number,
    name: string,
  ): Promise<Two> {
    const { host, port, user } = server;
    const database = { host, port, user };
    const db = open({ ...database, database: `ours_${name}`, clientLibrary, pool: { max: sessions } });
    const ours: Ours[] = [];
    const theirs: Theirs[] = [];
    for (let i = 0; i < sessions; i++) {
      ours.push(new Ours(await db.connect()));
      const client = new Client({ ...database, database: `theirs_${name}` });
      // What ends it shows in its next query.
      client.on('error', () => undefined);
      await client.connect();
      theirs.push(new Theirs(client));
    }
    return new Two(db, ours, theirs);
  }

  /** What differed at the last of the steps that were done; undefined where nothing did. */
  async run(steps: readonly Step[]): Promise<{ done: number; difference: string } | undefined> {
    const resets = [...this.ours, ...this.theirs].map((side) => side.reset());
    await Promise.all(resets);
    await Promise.all([
      this.ours[0]?.connection.script(SETTING_UP),
      this.theirs[0]?.client.query(SETTING_UP),
    ]);
    for (const [number, step] of steps.entries()) {
      const ours = this.ours[step.session];
      const theirs = this.theirs[step.session];
      if (ours === undefined || theirs === undefined) continue;
      const [got, right] = await Promise.all([outcome(ours, step), outcome(theirs, step)]);
      // Locks of another session's transaction are given back at some time after its error.
      if (got === WAITED || right === WAITED) return undefined;
      if (UNNOTICED.test(`${got} ${right}`)) continue;
      if (got !== right) return { done: number + 1, difference: `got   ${got}\nright ${right}` };
    }
    return undefined;
  }

  async close(): Promise<void> {
    for (const { connection } of this.ours) await connection.release();
    for (const { client } of this.theirs) await client.end();
    await this.db.close();
  }
}
