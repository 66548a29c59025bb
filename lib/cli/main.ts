#!/usr/bin/env node
import { isError } from '../base/is-error.js';
import { ExitCode } from './exit-codes.js';
import { program } from './program.js';

const { stdin, stdout, stderr, env: environment } = process;

// `kingbase-native query … | head` ends the reader first, which is no error of ours.
stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(ExitCode.ok);
  throw error;
});

program(process.argv.slice(2), { stdin, stdout, stderr, environment }).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    stderr.write(`${isError(error) ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = ExitCode.failed;
  },
);
