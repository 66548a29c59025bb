export interface Runner { go(): void; }
        export declare class Statement implements Runner { private constructor(); }