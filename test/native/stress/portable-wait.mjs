// The mixed load with the wait that every system has, instead of the best one this system has.
import { mixedLoad } from './support/mixed-load.mjs';

// Read when the first connection is made.
process.env.KINGBASE_NATIVE_PORTABLE_WAIT = '1';
await mixedLoad({ operations: 1500, seed: 2 });
