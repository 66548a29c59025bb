import { createHash } from 'node:crypto';

interface Component {
  'bom-ref': string;
  name: string;
  scope: string;
  hashes?: { alg: string; content: string }[];
  properties?: { name: string; value: string }[];
}

/** The parts of CycloneDX 1.5 that are changed here. */
interface Bill {
  serialNumber: string;
  metadata: { timestamp: string; component: Component };
  components: Component[];
  dependencies: { ref: string; dependsOn: string[] }[];
}

/** Packages whose headers are compiled into the addon, and which are no dependencies: they are in the product as well. */
const COMPILED_IN = ['node-api-headers'];

/** A UUID that is the same for the same bytes (RFC 9562, version 8). */
function uuidOf(bytes: Buffer): string {
  const id = createHash('sha256').update(bytes).digest().subarray(0, 16);
  id.writeUInt8(0x80 | (id.readUInt8(6) & 0x0f), 6);
  id.writeUInt8(0x80 | (id.readUInt8(8) & 0x3f), 8);
  return id.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** Keeps what the product depends on by one of the names, and what that depends on. */
function keepDependencies(bill: Bill, names: readonly string[]): void {
  const dependsOn = new Map(bill.dependencies.map((entry) => [entry.ref, entry.dependsOn]));
  const nameOf = new Map(bill.components.map((component) => [component['bom-ref'], component.name]));
  const product = bill.metadata.component['bom-ref'];
  const direct = (dependsOn.get(product) ?? []).filter((ref) => names.includes(nameOf.get(ref) ?? ''));
  const absent = names.filter((name) => !direct.some((ref) => nameOf.get(ref) === name));
  if (absent.length > 0) throw new Error(`"npm sbom" does not list ${absent.join(', ')}.`);
  const kept = new Set(direct);
  for (const ref of kept) for (const further of dependsOn.get(ref) ?? []) kept.add(further);
  bill.components = bill.components.filter((component) => kept.has(component['bom-ref']));
  bill.dependencies = [
    { ref: product, dependsOn: direct },
    ...bill.dependencies.filter(({ ref }) => kept.has(ref)),
  ];
}

/**
 * The software bill of materials of a tarball, in CycloneDX's JSON. `all` is what `npm sbom` prints, `names` are the
 * package's dependencies. `npm sbom --omit dev` cannot be used: it leaves out what any package besides has among its
 * development dependencies, such as pg-types. What is random or of the moment there is taken from the tarball and the
 * commit, so that the bill of the same release is the same.
 */
export function billOfMaterials(
  all: string,
  names: readonly string[],
  tarball: Buffer,
  epoch: number,
): string {
  const bill = JSON.parse(all) as Bill;
  const product = bill.metadata.component;
  const listed = bill.components;
  keepDependencies(bill, names);
  bill.serialNumber = `urn:uuid:${uuidOf(tarball)}`;
  bill.metadata.timestamp = new Date(epoch * 1000).toISOString();
  product.hashes = [{ alg: 'SHA-512', content: createHash('sha512').update(tarball).digest('hex') }];

  for (const name of COMPILED_IN) {
    const component = listed.find((other) => other.name === name);
    if (!component) throw new Error(`"npm sbom" does not list ${name}.`);
    const properties = [{ name: 'kingbase-native:linkage', value: 'compiled into the addon' }];
    bill.components.push({ ...component, scope: 'required', properties });
    bill.dependencies.push({ ref: component['bom-ref'], dependsOn: [] });
    bill.dependencies.find(({ ref }) => ref === product['bom-ref'])?.dependsOn.push(component['bom-ref']);
  }
  return `${JSON.stringify(bill, undefined, 2)}\n`;
}
