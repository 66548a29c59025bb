// The readers of shared libraries' files: whatever is in a file, they say what it is or why it is not known.
'use strict';
const { inspectElf, elfArchitecture } = require('../../../../dist/client-library/elf.js');
const { inspectPe, peArchitecture } = require('../../../../dist/client-library/pe.js');

const SYMBOLS = new Set(['PQconnectStartParams', 'KCIConnectionCreate']);

module.exports.fuzz = (bytes) => {
  for (const inspect of [inspectElf, inspectPe]) {
    const found = inspect(bytes, SYMBOLS);
    if (typeof found.ok !== 'boolean') throw new Error('A reader says whether it could read.');
  }
  elfArchitecture(bytes);
  peArchitecture(bytes);
};
