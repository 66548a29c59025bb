// One implementation for both module systems: two copies would mean two sets of error classes.
export * from './index.js';
