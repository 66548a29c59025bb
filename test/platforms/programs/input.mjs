// What the programs here are told: a JSON file, since arguments and variables do not carry every character to every
// system.
import { readFileSync } from 'node:fs';

export const input = JSON.parse(readFileSync(process.argv[2], 'utf8'));
