import { isRangeError } from '../base/is-error.js';
import type { PeImage } from './pe-image.js';
import { Unreadable } from './unreadable.js';

const RESOURCES = 2;
const RT_VERSION = 16;
const SUBDIRECTORY = 0x8000_0000;
/** Of VS_FIXEDFILEINFO, which stands behind the key "VS_VERSION_INFO". */
const SIGNATURE = 0xfeef04bd;
const SIGNATURE_OFFSET = 40;

/** The file version in a DLL's version resource; undefined where it has none, or none that can be read. */
export function readFileVersion(image: PeImage): string | undefined {
  try {
    return readVersion(image);
  } catch (error) {
    // A library without a version can be loaded all the same.
    if (error instanceof Unreadable || isRangeError(error)) return undefined;
    throw error;
  }
}

function readVersion(image: PeImage): string | undefined {
  const directory = image.directory(RESOURCES);
  if (directory === undefined) return undefined;
  const { view } = image;
  const root = image.offsetOf(directory.address);
  const entry = (table: number, wanted?: number): number | undefined => {
    const count = view.getUint16(table + 12, true) + view.getUint16(table + 14, true);
    for (let index = 0; index < count; index++) {
      const at = table + 16 + index * 8;
      if (wanted === undefined || view.getUint32(at, true) === wanted) return view.getUint32(at + 4, true);
    }
    return undefined;
  };
  // By type, then by name, then by language: of the latter two the first is taken.
  let found = entry(root, RT_VERSION);
  for (let level = 0; level < 2 && found !== undefined; level++) {
    if (found < SUBDIRECTORY) return undefined;
    found = entry(root + (found - SUBDIRECTORY));
  }
  if (found === undefined || found >= SUBDIRECTORY) return undefined;
  const data = image.offsetOf(view.getUint32(root + found, true));
  if (view.getUint32(data + SIGNATURE_OFFSET, true) !== SIGNATURE) return undefined;
  const [high, low] = [view.getUint32(data + 48, true), view.getUint32(data + 52, true)];
  return [high >>> 16, high & 0xffff, low >>> 16, low & 0xffff].join('.');
}
