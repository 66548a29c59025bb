/**
 * `npm test`: makes what the tests need (build and stand-ins), then runs vitest with the arguments passed through.
 * With VITEST_JSON set, vitest also writes its JSON report to that file.
 */
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { bootstrap } from './bootstrap.mjs';

try {
  await bootstrap();
} catch (error) {
  console.error(error.message);
  process.exit(1);
}

const vitest = path.join(
  path.dirname(createRequire(import.meta.url).resolve('vitest/package.json')),
  'vitest.mjs',
);
const report = process.env.VITEST_JSON;
const reporters = report ? ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`] : [];
const child = spawn(process.execPath, [vitest, 'run', ...reporters, ...process.argv.slice(2)], {
  cwd: path.dirname(import.meta.dirname),
  stdio: 'inherit',
});
// Ctrl-C reaches the whole process group: vitest stops itself and its code is what counts.
process.on('SIGINT', () => {});
child.on('exit', (code) => process.exit(code ?? 1));
