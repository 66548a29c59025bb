import type { SessionPool } from './pool.js';
        export declare class Statement { private constructor(); run<T extends SessionPool>(): T; }