/**
 * `npm run test:asan`, `npm run test:tsan`: builds the addon with a sanitizer and runs every program in
 * test/native/stress under it, each in a process of its own against one embedded server.
 *
 * The sanitizer's runtime must be the first library of the process, so it is preloaded into a stock Node. AddressSanitizer
 * refuses RTLD_DEEPBIND, which is what keeps a client library off Node's OpenSSL; so the isolation is switched off
 * and the client library is the system's libpq, which has the same OpenSSL generation as Node.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { startServer } from './embedded-server.js';

const SANITIZERS = {
  address: {
    runtime: 'libasan.so',
    mark: '__asan_init',
    environment: {
      ASAN_OPTIONS: 'detect_leaks=1',
      UBSAN_OPTIONS: 'print_stacktrace=1:halt_on_error=1',
    },
  },
  thread: {
    runtime: 'libtsan.so',
    mark: '__tsan_init',
    environment: { TSAN_OPTIONS: 'ignore_noninstrumented_modules=1' },
  },
} as const;

/** What a finding looks like, for programs that reach exit code 0 all the same. */
const FINDING = /(?:ERROR|WARNING): (?:Address|Leak|Thread)Sanitizer|: runtime error: /;

const PROGRAM_TIMEOUT_MS = 5 * 60_000;

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

function runProgram(program: string, environment: NodeJS.ProcessEnv): boolean {
  const started = Date.now();
  const run = spawnSync(process.execPath, [program], {
    cwd: root,
    env: environment,
    encoding: 'utf8',
    maxBuffer: Infinity,
    timeout: PROGRAM_TIMEOUT_MS,
    killSignal: 'SIGKILL',
  });
  const output = run.stdout + run.stderr;
  const passed = run.status === 0 && !FINDING.test(output);
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${passed ? 'passed' : 'FAILED'} ${program} (${seconds} s)`);
  if (!passed) {
    console.log(output.trimEnd());
    console.log(run.error?.message ?? `exit code ${run.status ?? run.signal ?? 'unknown'}`);
  }
  return passed;
}

async function main(sanitizer: string | undefined): Promise<void> {
  if (sanitizer !== 'address' && sanitizer !== 'thread') {
    throw new Error('Usage: tsx scripts/sanitizers.ts address|thread');
  }
  const folder = path.join('test', 'native', 'stress');
  const programs = readdirSync(path.join(root, folder)).filter((file) => file.endsWith('.mjs'));
  if (programs.length === 0) throw new Error(`No program was found in ${folder}.`);
  const { runtime, environment } = SANITIZERS[sanitizer];
  const addon = buildAddon(sanitizer);
  const server = await startServer();
  try {
    const complete = {
      ...process.env,
      ...environment,
      LD_PRELOAD: libraryFile(runtime, 'g++'),
      KINGBASE_NATIVE_ADDON: addon,
      KINGBASE_NATIVE_NO_DEEPBIND: '1',
      KINGBASE_CLIENT_LIBRARY: libraryFile('libpq.so.5', 'libpq5'),
      KINGBASE_HOST: server.host,
      KINGBASE_PORT: String(server.port),
      KINGBASE_USER: server.user,
      KINGBASE_DATABASE: server.database,
    };
    const results = programs.map((program) => runProgram(path.join(folder, program), complete));
    process.exitCode = results.every(Boolean) ? 0 : 1;
  } finally {
    await server.stop();
  }
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
