// Imports the package by both module systems and prints which of its names are not the same thing in both.
import { createRequire } from 'node:module';
import * as imported from 'kingbase-native';

const required = createRequire(import.meta.url)('kingbase-native');
const { config } = JSON.parse(process.argv[2]);

const names = Object.keys(required).sort();
const db = required.open(config);
const failure = await db.query('SELECT 1 / 0').catch((error) => error);
await db.close();
console.log(
  JSON.stringify({
    names,
    missing: names.filter((name) => !(name in imported)),
    different: names.filter((name) => name in imported && imported[name] !== required[name]),
    recognised: db instanceof imported.Database && failure instanceof imported.DatabaseError,
  }),
);
