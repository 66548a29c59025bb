import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { billOfMaterials } from './bill-of-materials.mjs';

interface Bill {
  components: { name: string; version: string; 'bom-ref': string }[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

it('names every dependency of the package, and what those depend on, in the versions of the lock file', () => {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    dependencies: Record<string, string>;
  };
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const args = ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'];
  const all = execFileSync(npm, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  const names = Object.keys(manifest.dependencies);
  const bill = JSON.parse(billOfMaterials(all, names, Buffer.from('tarball'), 0)) as Bill;
  const versions = new Map(bill.components.map(({ name, version }) => [name, version]));
  expect(Object.fromEntries(versions)).toMatchObject(manifest.dependencies);

  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
    packages: Record<string, { version: string; dependencies?: Record<string, string> }>;
  };
  const wanted = new Set(names);
  for (const name of wanted) {
    const entry = packages[`node_modules/${name}`];
    expect(versions.get(name), name).toBe(entry?.version);
    for (const further of Object.keys(entry?.dependencies ?? {})) wanted.add(further);
  }
  expect([...versions.keys()].sort()).toEqual([...wanted, 'node-api-headers'].sort());

  const refs = bill.components.map((component) => component['bom-ref']);
  for (const { dependsOn } of bill.dependencies) expect(refs).toEqual(expect.arrayContaining(dependsOn));
});

it('is refused where a dependency is not listed', () => {
  const product = { 'bom-ref': 'p@1', name: 'p' };
  const all = JSON.stringify({ metadata: { component: product }, components: [], dependencies: [] });
  expect(() => billOfMaterials(all, ['absent'], Buffer.alloc(0), 0)).toThrow('absent');
});
