import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { commandLine } from '../support/command-line.js';
import {
  failure,
  notice,
  parameter,
  ready,
  startScriptedServer,
  type ScriptedServerOptions,
} from '../support/scripted-server.js';

/** What would run in a page, steer a terminal, turn the direction of writing, or end a line of a log. */
const HOSTILE = `</script><script>alert(1)</script><img src=x onerror="alert('2')">\x1b]0;owned\x07\u009b2J\u202e\u2028\u2029`;
const LONG = `${HOSTILE}${'A'.repeat(1_000_000)}`;

/** More than any command says, and much less than the server said. */
const MUCH = 40_000;

/** What a terminal obeys, but for the line breaks of the output itself. */
const OBEYED = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

const library = inject('libraries')[0]!.path;
const folder = mkdtempSync(join(tmpdir(), 'hostile-server-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Greet = NonNullable<ScriptedServerOptions['greet']>;

const greetWith =
  (messages: (answer: readonly Buffer[]) => readonly Buffer[], ends = false): Greet =>
  async (answer, { wire }) => {
    await wire.write(Buffer.concat(messages(answer)));
    if (ends) wire.end();
  };

/** What goes before the word that the login is over. */
const saying = (...messages: readonly Buffer[]): Greet =>
  greetWith((answer) => [...answer.slice(0, -1), ...messages, ...answer.slice(-1)]);

const refusing = (code: string, words: string): Greet => greetWith(() => [failure(code, words)], true);

const SERVERS: Readonly<Record<string, ScriptedServerOptions>> = {
  'in its version, its settings and notices': {
    greet: saying(
      ...['server_version', 'TimeZone', 'session_authorization', 'application_name', HOSTILE].map((name) =>
        parameter(name, LONG),
      ),
      notice(LONG),
    ),
  },
  'in the refusal of the login': { greet: refusing(HOSTILE, LONG) },
  'in the failure of each statement': {
    respond: async (_exchange, { wire }) =>
      wire.write(Buffer.concat([notice(LONG), failure('XX000', LONG), ready()])),
  },
};

describe.each(Object.entries(SERVERS))('what a server says %s', (_where, options) => {
  it('reaches no terminal, log or page as anything but text, and not in full length', async () => {
    const server = await startScriptedServer(options);
    const connection = `host=127.0.0.1 port=${server.port} user=u dbname=d sslmode=disable`;
    const page = join(folder, `${server.port}.html`);
    const commands = [
      ['doctor', '--html', page],
      ['doctor', '--json', '--lang', 'zh'],
      ['doctor', '--redact', '--lang', 'zh'],
      ['ping'],
      ['ping', '--json'],
      ['top', '--count', '1'],
      ['topology'],
      ['query', '-c', 'select 1'],
    ];
    try {
      const look = async ([command = '', ...rest]: readonly string[]): Promise<void> => {
        const { stdout, stderr } = await commandLine([command, connection, ...rest, '--timeout', '10000'], {
          environment: { KINGBASE_CLIENT_LIBRARY: library },
        });
        const said = stdout + stderr;
        expect(said, command).not.toBe('');
        expect(said, [command, ...rest].join(' ')).not.toMatch(OBEYED);
        expect(said.length, [command, ...rest].join(' ')).toBeLessThan(MUCH);
      };
      await Promise.all(commands.map(look));
      const html = readFileSync(page, 'utf8');
      expect(html).not.toMatch(/<script|<img|onerror="/);
      expect(html).not.toMatch(OBEYED);
      expect(html.length).toBeLessThan(2 * MUCH);
    } finally {
      await server.close();
    }
  }, 60_000);
});
