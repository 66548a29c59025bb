import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it } from 'vitest';
import type { Console } from '../../../lib/cli/console.js';
import { program } from '../../../lib/cli/program.js';
import { formatted } from '../../../lib/cli/query.js';
import { jsonOf } from '../../../lib/cli/table.js';

/** Sets a title, clears the screen by one byte of C1, turns the direction of writing, and ends the line in its own way. */
const HOSTILE = '\x1b]0;owned\x07\x9b2J\u202e\u2028\u2029';

/** What a terminal obeys, but for the line breaks of the output itself. */
const OBEYED = /(?!\n)[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

const folder = mkdtempSync(path.join(tmpdir(), 'terminal-safety-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function outputOf(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<string> {
  let output = '';
  const stream = new PassThrough().on('data', (chunk) => (output += String(chunk)));
  const streams = { stdin: new PassThrough(), stdout: stream, stderr: stream, environment };
  await program(args, streams as unknown as Omit<Console, 'language'>);
  return output;
}

describe('what commands print', () => {
  const commands: readonly (readonly string[])[] = [
    ['init', path.join(folder, `none${HOSTILE}`, 'deeper')],
    ['ping', `host=127.0.0.1 port=1 user='${HOSTILE}' sslmode=x${HOSTILE}`],
    ['query', '-c', 'SELECT 1', `kingbase://a@h${HOSTILE}/d`],
    ['topology', `kingbase://a@127.0.0.1:1/d?nonsense${HOSTILE}=1`],
    ['libs', '--json', HOSTILE],
    ['doctor', `--nonsense${HOSTILE}`],
    [HOSTILE],
  ];
  it.each(['en', 'zh'])('has nothing that a terminal obeys, whatever was given (%s)', async (language) => {
    for (const args of commands) {
      const output = await outputOf(args, { LANG: language === 'zh' ? 'zh_CN.UTF-8' : 'C' });
      expect(output).not.toBe('');
      expect(output, args.join(' ')).not.toMatch(OBEYED);
    }
  });

  it.each(['table', 'csv', 'tsv'] as const)('has nothing of a result that it obeys: %s', (format) => {
    const result = {
      fields: [HOSTILE, 'b'].map((name) => ({
        name,
        typeOid: 25,
        typeSize: -1,
        typeModifier: -1,
        tableOid: 0,
        columnNumber: 0,
      })),
      rows: [[HOSTILE, `two\t${HOSTILE}`]],
      rowCount: 1,
      command: 'SELECT',
    };
    const shown = formatted(result, { format, forTerminal: true });
    expect(shown.replaceAll('\t', '')).not.toMatch(OBEYED);
    expect(shown).toContain('\\u001b]0;owned');
    if (format === 'tsv') expect(shown.split('\n')[0]?.split('\t')).toHaveLength(2);
    // A file or another program gets what the server said.
    if (format !== 'table') expect(formatted(result, { format })).toContain(HOSTILE);
  });

  it('has it neither in JSON, which says the same', () => {
    const value = { [HOSTILE]: HOSTILE, more: ['\u2028', '\x7f'] };
    const json = jsonOf(value);
    expect(json).not.toMatch(OBEYED);
    expect(JSON.parse(json)).toEqual(value);
  });
});
