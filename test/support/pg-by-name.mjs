// To be loaded by `node --import`: whoever asks for pg in this process gets what stands in for it by its name, as in a
// program that has packages/pg installed, whichever module system it uses and whatever copies of pg there are.
import { Module, register } from 'node:module';
import { fileURLToPath } from 'node:url';

const root = new URL('../../', import.meta.url);

/** The file for what `require` asks for; undefined where that is nothing of pg. */
function fileFor(specifier) {
  if (specifier === 'pg') return new URL('packages/pg/lib/index.js', root);
  if (specifier === 'kingbase-native/pg') return new URL('dist/adapters/pg/index.js', root);
  const [, inner] = /^pg\/lib\/(.+?)(?:\.js)?$/.exec(specifier) ?? [];
  return inner === undefined ? undefined : new URL(`packages/pg/lib/${inner}.js`, root);
}

const resolveFilename = Module._resolveFilename;
Module._resolveFilename = function resolve(specifier, ...rest) {
  const file = fileFor(specifier);
  return file === undefined ? resolveFilename.call(this, specifier, ...rest) : fileURLToPath(file);
};
register('./pg-by-name-hooks.mjs', import.meta.url);
