import type { Runner } from './runner.js';
        export declare class Statement { private readonly pool; private constructor(); run(): Runner; }