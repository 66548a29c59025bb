import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import type { Language } from '../errors/index.js';
import { ArgumentError } from './arguments.js';
import { text } from './words.js';

/** What a command has of the world around it. */
export interface Console {
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly environment: NodeJS.ProcessEnv;
  readonly language: Language;
}

/** Asks for a password on the terminal, without showing it. */
export async function askPassword({ stdin, stderr, language }: Console): Promise<string> {
  if (!stdin.isTTY) {
    throw new ArgumentError(
      text(
        '--password needs a terminal to ask on; set KINGBASE_PASSWORD or use a password file instead.',
        '--password 需要在终端中输入；否则请设置 KINGBASE_PASSWORD 或使用密码文件。',
      ),
    );
  }
  stderr.write(language === 'zh' ? '密码：' : 'Password: ');
  const nowhere = new Writable({
    write(_chunk, _encoding, done) {
      done();
    },
  });
  const lines = createInterface({ input: stdin, output: nowhere, terminal: true });
  try {
    return await new Promise<string>((resolve, reject) => {
      lines.question('', resolve);
      lines.once('SIGINT', () => {
        reject(new ArgumentError(text('No password was given.', '没有输入密码。')));
      });
      lines.once('close', () => {
        reject(new ArgumentError(text('No password was given.', '没有输入密码。')));
      });
    });
  } finally {
    lines.close();
    stderr.write('\n');
  }
}
