import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { validate } from 'dockerfile-utils';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';

const root = path.resolve(import.meta.dirname, '../../..');
const read = (name: string): string => readFileSync(path.join(root, 'examples/container', name), 'utf8');

/** Instructions of the Dockerfile, with their continued lines joined. */
const instructions = read('Dockerfile')
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, '')
  .split('\n')
  .filter((line) => line !== '');
const of = (name: string): string[] => instructions.filter((line) => line.startsWith(`${name} `));

const healthCheck = JSON.parse(/CMD (\[.*\])/.exec(of('HEALTHCHECK')[0] ?? '')?.[1] ?? '[]') as string[];
const packages = JSON.parse(read('package.json')) as { dependencies: Record<string, string> };
const own = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  version: string;
  devDependencies: Record<string, string>;
};

interface Probe {
  httpGet?: { path: string; port: string };
  exec?: { command: string[] };
}
interface Container {
  ports: { name: string; containerPort: number }[];
  env: { name: string; valueFrom: { secretKeyRef: { name: string; key: string } } }[];
  envFrom: { configMapRef: { name: string } }[];
  securityContext: object;
  startupProbe: Probe;
  livenessProbe: Probe;
  readinessProbe: Probe;
}
interface Manifest {
  kind: string;
  metadata: { name: string };
  data?: Record<string, string>;
  spec?: { template?: { spec: { containers: Container[] } }; ports?: { targetPort: string }[] };
}

describe('examples/container', () => {
  it('has a Dockerfile without complaints, of two stages, that does not run as root', () => {
    expect(validate(read('Dockerfile'))).toEqual([]);
    expect(of('FROM').map((line) => line.replace(/^FROM \S+/, ''))).toEqual([' AS build', '']);
    expect(of('FROM').every((line) => line.includes('-bookworm-slim'))).toBe(true);
    expect(of('USER')).toEqual(['USER node']);
    expect(instructions.indexOf('USER node')).toBeGreaterThan(instructions.lastIndexOf(of('FROM')[1] ?? ''));
  });

  it('copies what is there, and takes the versions that are tested here', () => {
    const tarball = `kingbase-native-${own.version}.tgz`;
    const sources = of('COPY')
      .filter((line) => !line.includes('--from'))
      .flatMap((line) => line.split(' ').slice(1, -1))
      .map((source) => source.replace('${CLIENT_LIBRARY}', of('ARG')[1]?.split('=')[1] ?? ''));
    expect(sources).toContain(tarball);
    for (const source of sources.filter((each) => each !== tarball))
      expect(existsSync(path.join(root, source)), source).toBe(true);
    const { 'kingbase-native': itself, ...others } = packages.dependencies;
    expect(itself).toBe(`file:${tarball}`);
    for (const [name, version] of Object.entries(others))
      expect(own.devDependencies[name], name).toBe(version);
    expect(of('RUN').join('\n')).toContain(`esbuild@${own.devDependencies['esbuild'] ?? ''}`);
  });

  it('has a compose file whose service is built by the Dockerfile and checked as it says', () => {
    const { services } = parse(read('compose.yaml')) as { services: Record<string, Record<string, never>> };
    const service = services['service'] as unknown as {
      build: { context: string; dockerfile: string };
      healthcheck: { test: string[] };
      environment: Record<string, string>;
    };
    expect(path.resolve(root, 'examples/container', service.build.context)).toBe(root);
    expect(existsSync(path.join(root, service.build.dockerfile))).toBe(true);
    expect(service.healthcheck.test).toEqual(['CMD', ...healthCheck]);
    expect(service.environment['KINGBASE_PASSWORD']).toMatch(/^\$\{KINGBASE_PASSWORD:\?/);
  });

  it('has a Kubernetes manifest whose names fit, without a password in it', () => {
    const documents = parseAllDocuments(read('kubernetes.yaml'));
    expect(documents.flatMap(({ errors }) => errors)).toEqual([]);
    const manifests = documents.map((document) => document.toJS() as Manifest);
    expect(manifests.map(({ kind }) => kind)).toEqual(['ConfigMap', 'Deployment', 'Service']);
    const [config, deployment, service] = manifests;
    const [container] = deployment!.spec!.template!.spec.containers;
    expect(container!.envFrom[0]!.configMapRef.name).toBe(config!.metadata.name);
    expect(container!.env[0]).toMatchObject({
      name: 'KINGBASE_PASSWORD',
      valueFrom: { secretKeyRef: { key: 'password' } },
    });
    expect(Object.keys(config!.data!).filter((name) => name.includes('PASSWORD'))).toEqual([]);
    expect(container!.startupProbe.exec!.command).toEqual(healthCheck);
    const port = container!.ports.find(({ name }) => name === 'http')!;
    expect(of('EXPOSE')).toEqual([`EXPOSE ${port.containerPort}`]);
    for (const probe of [container!.livenessProbe, container!.readinessProbe])
      expect(probe.httpGet!.port).toBe('http');
    expect(service!.spec!.ports![0]!.targetPort).toBe('http');
    const variables =
      readFileSync(path.join(root, 'lib/config/environment.ts'), 'utf8') +
      readFileSync(path.join(root, 'README.md'), 'utf8');
    for (const name of Object.keys(config!.data!))
      expect(variables, name).toContain(name.replace('KINGBASE_SSL', '_SSL'));
  });
});

describe('what the image runs', () => {
  const { host, port, user, database } = inject('server');
  const directory = mkdtempSync(path.join(os.tmpdir(), 'kingbase-container-'));
  const environment = {
    PATH: process.env['PATH'],
    PORT: '0',
    KINGBASE_HOST: host,
    KINGBASE_PORT: String(port),
    KINGBASE_USER: user,
    KINGBASE_DATABASE: database,
    KINGBASE_CLIENT_LIBRARY: inject('libraries')[0]!.path,
  };

  beforeAll(async () => {
    // The step of the Dockerfile, whose other flags are these.
    expect(of('RUN').join('\n')).toContain('--bundle --packages=external --platform=node --format=esm');
    const { metafile } = await build({
      entryPoints: [path.join(root, 'examples/rest-service/main.mts')],
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      outfile: path.join(directory, 'main.mjs'),
      metafile: true,
    });
    const imported = Object.values(metafile.outputs).flatMap(({ imports }) =>
      imports.map((each) => each.path),
    );
    expect(imported.filter((name) => !(name in packages.dependencies) && !name.startsWith('node:'))).toEqual(
      [],
    );
    symlinkSync(path.join(root, 'node_modules'), path.join(directory, 'node_modules'));
  });
  afterAll(() => rmSync(directory, { recursive: true }));

  it('is healthy by its own check, and answers the probes', async () => {
    const [program, main, ...args] = healthCheck;
    expect(program).toBe('node');
    const checked = path.join(root, main!.replace('node_modules/kingbase-native/', ''));
    await promisify(execFile)(process.execPath, [checked, ...args], { env: environment, timeout: 20_000 });
    const self = path.join(root, 'node_modules/kingbase-native');
    // Node finds the package by its own name from within; from elsewhere, by a link.
    const options = existsSync(self)
      ? []
      : ['--import', `data:text/javascript,${encodeURIComponent(RESOLVER)}`];
    const child = spawn(process.execPath, [...options, 'main.mjs'], {
      cwd: directory,
      env: environment,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    const address = line.toString().trim();
    for (const probe of ['/health', '/ready', '/metrics'])
      expect((await fetch(`${address}${probe}`)).status).toBe(200);
    child.kill('SIGTERM');
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(0);
  });
});

/** Resolves the package's name to this checkout. */
const RESOLVER = `import { register } from 'node:module';
register('data:text/javascript,' + encodeURIComponent(\`export const resolve = (name, context, next) =>
  name === 'kingbase-native' ? { url: ${JSON.stringify(`file://${root}/dist/index.mjs`)}, shortCircuit: true } : next(name, context);\`));`;
