// node-imports.cjs FILE: writes the module definition of node.exe, which an import library is made from. The names
// are those of node-api-headers, which has them in two files.
const fs = require('node:fs');
const { def_paths: lists } = require('node-api-headers');

const names = Object.values(lists)
  .flatMap((file) => fs.readFileSync(file, 'utf8').split(/\r?\n/))
  .map((line) => line.trim())
  .filter((line) => line !== '' && !/^(NAME|LIBRARY|EXPORTS)\b/.test(line));
fs.writeFileSync(process.argv[2], `LIBRARY node.exe\nEXPORTS\n${[...new Set(names)].sort().join('\n')}\n`);
