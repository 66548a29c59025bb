import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export function packageDirectory(): string {
  return join(__dirname, '..', '..');
}

export function packageVersion(): string {
  const text = readFileSync(join(packageDirectory(), 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
