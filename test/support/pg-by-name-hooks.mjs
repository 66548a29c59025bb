// The hooks of pg-by-name.mjs for ES modules, which Node.js runs in a thread of their own.
const root = new URL('../../', import.meta.url);
const files = {
  pg: new URL('packages/pg/esm/index.mjs', root).href,
  'kingbase-native/pg': new URL('dist/adapters/pg/index.mjs', root).href,
};

export function resolve(specifier, context, next) {
  const url = files[specifier];
  return url === undefined ? next(specifier, context) : { url, shortCircuit: true };
}
