/**
 * `npm run test:asan`, `npm run test:tsan`: builds the addon with a sanitizer and runs every program in
 * test/native/stress under it, each in a process of its own against one embedded server.
 *
 * The sanitizer's runtime must be the first library of the process, so it is preloaded into a stock Node. AddressSanitizer
 * refuses RTLD_DEEPBIND, which is what keeps a client library off Node's OpenSSL; so the isolation is switched off
 * and the client library is the system's libpq, which has the same OpenSSL generation as Node.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startServer } from './embedded-server.js';

const SANITIZERS = {
  address: {
    runtime: 'libasan.so',
    mark: '__asan_init',
    // A leak alone must not change the exit code: whose it is shows only in its stack. Errors end the process anyway.
    environment: (reports: string) => ({
      ASAN_OPTIONS: `detect_leaks=1:exitcode=0:log_path=${reports}`,
      UBSAN_OPTIONS: `print_stacktrace=1:halt_on_error=1:log_path=${reports}`,
    }),
  },
  thread: {
    runtime: 'libtsan.so',
    mark: '__tsan_init',
    environment: (reports: string) => ({
      TSAN_OPTIONS: `ignore_noninstrumented_modules=1:log_path=${reports}`,
    }),
  },
} as const;

/** What an error looks like in a report. */
const ERROR = /(?:ERROR|WARNING): (?:Address|Thread)Sanitizer|: runtime error: /;

/**
 * A leak is ours when its stack has a frame of the addon or of the client library. A process that exits in the middle of
 * its work also leaves what V8 has lost sight of itself, whose stacks have none.
 */
const OUR_LEAK = /^(?:Direct|Indirect) leak [^]*?(?:kingbase\.node|libpq\.so|libkci\.so)/;

function findings(report: string): string[] {
  if (ERROR.test(report)) return [report];
  return report.split('\n\n').filter((block) => OUR_LEAK.test(block));
}

const PROGRAM_TIMEOUT_MS = 9 * 60_000;

const root = path.dirname(__dirname);

/** A library's path as the compiler finds it: in its own folder or in the system's. */
function libraryFile(name: string, debianPackage: string): string {
  const { stdout } = spawnSync('g++', [`-print-file-name=${name}`], { encoding: 'utf8' });
  const file = path.resolve(stdout.trim());
  if (!existsSync(file)) throw new Error(`${name} was not found. Install it (Debian: ${debianPackage}).`);
  return file;
}

function buildAddon(sanitizer: keyof typeof SANITIZERS): string {
  const build = spawnSync(process.execPath, ['scripts/build-addon.mjs', `--sanitize=${sanitizer}`], {
    cwd: root,
    stdio: 'inherit',
  });
  if (build.status !== 0) throw new Error(`The addon could not be built with the ${sanitizer} sanitizer.`);
  const addon = path.join(root, 'build', sanitizer, 'kingbase.node');
  // A build without instrumentation would pass every program.
  if (!readFileSync(addon).includes(SANITIZERS[sanitizer].mark)) {
    throw new Error(`${addon} is not instrumented for the ${sanitizer} sanitizer.`);
  }
  return addon;
}

function runProgram(program: string, environment: NodeJS.ProcessEnv, reports: string): boolean {
  const started = Date.now();
  const run = spawnSync(process.execPath, [program], {
    cwd: root,
    env: environment,
    encoding: 'utf8',
    maxBuffer: Infinity,
    timeout: PROGRAM_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  // One file for each process that had something to report, the program's own child processes included.
  const found = readdirSync(reports).flatMap((file) =>
    findings(readFileSync(path.join(reports, file), 'utf8')),
  );
  for (const file of readdirSync(reports)) rmSync(path.join(reports, file));
  const passed = run.status === 0 && found.length === 0;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${passed ? 'passed' : 'FAILED'} ${program} (${seconds} s)`);
  if (!passed) {
    console.log([run.stdout + run.stderr, ...found].join('\n').trimEnd());
    console.log(run.error?.message ?? `exit code ${run.status ?? run.signal ?? 'unknown'}`);
  }
  return passed;
}

async function main(sanitizer: string | undefined, only = ''): Promise<void> {
  if (sanitizer !== 'address' && sanitizer !== 'thread') {
    throw new Error('Usage: tsx scripts/sanitizers.ts address|thread [part of a program’s name]');
  }
  const folder = path.join('test', 'native', 'stress');
  const programs = readdirSync(path.join(root, folder)).filter(
    (file) => file.endsWith('.mjs') && file.includes(only),
  );
  if (programs.length === 0) throw new Error(`No such program was found in ${folder}.`);
  const { runtime, environment } = SANITIZERS[sanitizer];
  const addon = buildAddon(sanitizer);
  const reports = mkdtempSync(path.join(tmpdir(), 'kingbase-native-sanitizer-'));
  const server = await startServer();
  try {
    const complete = {
      ...process.env,
      ...environment(path.join(reports, 'report')),
      LD_PRELOAD: libraryFile(runtime, 'g++'),
      KINGBASE_NATIVE_ADDON: addon,
      KINGBASE_NATIVE_NO_DEEPBIND: '1',
      KINGBASE_CLIENT_LIBRARY: libraryFile('libpq.so.5', 'libpq5'),
      KINGBASE_HOST: server.host,
      KINGBASE_PORT: String(server.port),
      KINGBASE_USER: server.user,
      KINGBASE_DATABASE: server.database,
    };
    const results = programs.map((program) => runProgram(path.join(folder, program), complete, reports));
    process.exitCode = results.every(Boolean) ? 0 : 1;
  } finally {
    await server.stop();
    rmSync(reports, { recursive: true });
  }
}

main(process.argv[2], process.argv[3]).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
