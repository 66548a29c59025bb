import { mixedLoad } from './support/mixed-load.mjs';

await mixedLoad({ operations: 1500, seed: 1 });
