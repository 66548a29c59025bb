// One implementation for both module systems: two copies would mean two sets of error classes.
import commonjs from './index.js';

export * from './index.js';
export default commonjs.default;
