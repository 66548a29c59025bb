// Gives a reader mutations of the inputs in a folder for so many seconds. The one that it fails on is written to a file.
// Arguments: the reader, the folder, the file, the seconds, the seed.
'use strict';
const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

const [, , reader, folder, artifact, seconds, seed] = process.argv;
const { fuzz } = require(reader);
const known = readdirSync(folder).map((file) => readFileSync(path.join(folder, file)));

let state = Number(seed);
function random() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}
const below = (limit) => Math.floor(random() * limit);

const INTERESTING = [0, 1, 0x7f, 0x80, 0xff];

const MUTATIONS = [
  (bytes) => {
    if (bytes.length > 0) bytes[below(bytes.length)] = below(256);
    return bytes;
  },
  (bytes) => {
    if (bytes.length > 0) bytes[below(bytes.length)] = INTERESTING[below(INTERESTING.length)];
    return bytes;
  },
  // A number of four bytes: lengths, offsets, counts.
  (bytes) => {
    if (bytes.length < 4) return bytes;
    const at = below(bytes.length - 3);
    const value = [0, 1, 0x7fffffff, 0xffffffff, 0x80000000, bytes.length, below(1024)][below(7)];
    if (random() < 0.5) bytes.writeUInt32LE(value, at);
    else bytes.writeUInt32BE(value, at);
    return bytes;
  },
  (bytes) => bytes.subarray(0, below(bytes.length + 1)),
  (bytes) =>
    Buffer.concat([bytes.subarray(0, below(bytes.length + 1)), bytes.subarray(below(bytes.length + 1))]),
  (bytes) => {
    const other = known[below(known.length)];
    return Buffer.concat([
      bytes.subarray(0, below(bytes.length + 1)),
      other.subarray(below(other.length + 1)),
    ]);
  },
  (bytes) => {
    const at = below(bytes.length + 1);
    const some = Buffer.from(Array.from({ length: 1 + below(8) }, () => below(256)));
    return Buffer.concat([bytes.subarray(0, at), some, bytes.subarray(at)]);
  },
];

let count = 0;
for (const end = Date.now() + Number(seconds) * 1000; Date.now() < end; count++) {
  let bytes = Buffer.from(known[below(known.length)]);
  for (let left = 1 + below(8); left > 0; left--) bytes = MUTATIONS[below(MUTATIONS.length)](bytes);
  bytes = bytes.subarray(0, 16_384);
  const copy = Buffer.from(bytes);
  try {
    fuzz(bytes);
  } catch (error) {
    writeFileSync(artifact, copy);
    console.error(`It failed on ${artifact} (seed ${seed}, input ${count}):`, error);
    process.exit(1);
  }
}
console.log(`${count} inputs`);
