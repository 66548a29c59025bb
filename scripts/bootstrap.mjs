/**
 * Makes a fresh checkout ready to run: installs the packages of package-lock.json, builds the native addon and
 * compiles the TypeScript sources, each only if it is missing or out of date. Uses nothing but Node, since it comes
 * before the installation. `node scripts/bootstrap.mjs` does it from the command line.
 */
import { accessSync, constants, existsSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import {
  BuildError,
  hashOf,
  isCurrent,
  markCurrent,
  reportingFailure,
  root,
  run,
  runAsProgram,
} from './build-support.mjs';

const minimumNode = 20;
const nodeIsRecent = Number(process.versions.node.split('.')[0]) >= minimumNode;
const isWindows = process.platform === 'win32';

function isCommand(name) {
  const directories = /[\\/]/.test(name) ? [''] : (process.env.PATH || '').split(delimiter).filter(Boolean);
  const files = isWindows ? [`${name}.exe`, `${name}.cmd`] : [name];
  return directories.some((directory) =>
    files.some((file) => {
      try {
        accessSync(join(directory, file), constants.X_OK);
        return true;
      } catch {
        return false;
      }
    }),
  );
}

// Such a variable may hold a command with arguments: CXX="ccache g++".
const hasCommand = (variable, names) =>
  (process.env[variable] ? [process.env[variable].trim().split(/\s+/)[0]] : names).some(isCommand);

// On Windows node-gyp looks for Visual Studio and Python itself and says what it misses.
const buildTools = [
  {
    isMet: () => isWindows || hasCommand('CXX', ['c++', 'g++', 'clang++']),
    text: 'a C++17 compiler (c++, g++ or clang++ in PATH, or named by the variable CXX)',
    debian: 'g++',
    rhel: 'gcc-c++',
  },
  { isMet: () => isWindows || hasCommand('MAKE', ['make']), text: 'make', debian: 'make', rhel: 'make' },
  {
    isMet: () => isWindows || hasCommand('PYTHON', ['python3']),
    text: 'Python 3, which node-gyp is written in',
    debian: 'python3',
    rhel: 'python3',
  },
];

/** Names everything that this system lacks for the work to be done in one message. */
function checkRequirements({ install, compile }) {
  const requirements = [
    {
      isMet: () => nodeIsRecent,
      text: `Node.js ${minimumNode} or newer (this is ${process.versions.node})`,
      debian: `nodejs, from NodeSource where the release has an older one`,
      rhel: `nodejs, after "dnf module enable nodejs:${minimumNode}"`,
    },
    ...(install ? [{ isMet: () => isCommand('npm'), text: 'npm', debian: 'npm', rhel: 'npm' }] : []),
    ...(compile ? buildTools : []),
  ];
  const missing = requirements.filter(({ isMet }) => !isMet());
  if (missing.length === 0) return;
  const lines = missing.map(
    ({ text, debian, rhel }) =>
      `  - ${text}\n      Debian, Ubuntu: ${debian}\n      RHEL and relatives: ${rhel}`,
  );
  throw new BuildError(
    `This system lacks what the build needs. Install it and try again:\n${lines.join('\n')}`,
  );
}

/**
 * Whether node_modules holds what package-lock.json names. npm writes down what it has installed at the end of an
 * installation, so this is right for one made by hand and for one that was interrupted.
 */
function packagesAreCurrent() {
  const installedList = join(root, 'node_modules', '.package-lock.json');
  if (!existsSync(installedList)) return false;
  const packagesOf = (file) => JSON.parse(readFileSync(file, 'utf8')).packages;
  const installed = packagesOf(installedList);
  return Object.entries(packagesOf(join(root, 'package-lock.json'))).every(([path, wanted]) => {
    if (path === '') return true;
    // Packages for other platforms are optional and left out.
    return installed[path] ? installed[path].version === wanted.version : wanted.optional === true;
  });
}

function installPackages() {
  // npm is a command script on Windows.
  run('"npm ci"', 'npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], { shell: isWindows });
}

const typeScriptInputs = () => hashOf(['lib', 'tsconfig.json', 'node_modules/typescript/package.json']);

/** Compiles lib/, and replaces dist/ by the result only if there was no error. */
export function buildTypeScript() {
  const inputs = typeScriptInputs();
  const output = join(root, 'build', 'dist');
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  rmSync(output, { recursive: true, force: true });
  run('Compiling TypeScript', process.execPath, [
    compiler,
    ...['-p', 'tsconfig.json', '--noEmitOnError', '--outDir', output],
  ]);
  rmSync(join(root, 'dist'), { recursive: true, force: true });
  renameSync(output, join(root, 'dist'));
  markCurrent('typescript', inputs);
}

async function prepare() {
  if (!nodeIsRecent) checkRequirements({ install: true, compile: true });
  const { addonIsCurrent, buildAddon } = await import('./build-addon.mjs');
  const install = !packagesAreCurrent();
  checkRequirements({ install, compile: install || !addonIsCurrent() });
  if (install) {
    console.log('Installing the npm packages …');
    installPackages();
  }
  if (!addonIsCurrent()) {
    console.log('Building the native addon …');
    buildAddon();
  }
  if (!isCurrent('typescript', join(root, 'dist', 'index.js'), typeScriptInputs())) {
    console.log('Compiling TypeScript …');
    buildTypeScript();
  }
}

/**
 * Does what is left to do and prints a line for each step, nothing if there is nothing to do. If a step fails, it
 * prints why and ends the process with code 1.
 */
export function bootstrap() {
  return reportingFailure(prepare);
}

await runAsProgram(import.meta.url, prepare);
