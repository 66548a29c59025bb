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

/**
 * The software bill of materials of a tarball, in CycloneDX's JSON. `runtime` is what `npm sbom` prints without
 * development dependencies, `all` what it prints with them. What is random or of the moment there is taken from the
 * tarball and the commit, so that the bill of the same release is the same.
 */
export function billOfMaterials(runtime: string, all: string, tarball: Buffer, epoch: number): string {
  const bill = JSON.parse(runtime) as Bill;
  const product = bill.metadata.component;
  bill.serialNumber = `urn:uuid:${uuidOf(tarball)}`;
  bill.metadata.timestamp = new Date(epoch * 1000).toISOString();
  product.hashes = [{ alg: 'SHA-512', content: createHash('sha512').update(tarball).digest('hex') }];

  const listed = (JSON.parse(all) as Bill).components;
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
