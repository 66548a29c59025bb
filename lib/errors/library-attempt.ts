import type { ClientLibraryFlavour } from '../addon/client-library.js';
import type { ClientLibraryErrorCode } from './codes.js';

/** A library that another one needs and that was not found. */
export interface MissingLibrary {
  /** As the library that needs it writes it: `libssl.so.1.1`, `MSVCR120.dll`. */
  readonly name: string;
  /** Path of the library that needs it. */
  readonly neededBy: string;
  /** The directories where it was looked for, in order. */
  readonly searched: readonly string[];
  /** Where one of that name lies that cannot serve, and why: */
  readonly unfit?: {
    readonly path: string;
    /**
     * `architecture`: it is built for another one. `not-in-cache`: the dynamic linker goes by a cache that was not
     * renewed (ldconfig) since the file was put into one of its directories.
     */
    readonly reason: 'architecture' | 'not-in-cache';
  };
  /** It is needed at the first call of one of its functions only (a delay-loaded DLL), and not to load the library. */
  readonly delayed?: true;
}

/**
 * One place where the client library was looked for, and why it was not used. The optional properties are there as
 * far as they are known: what the file's header says, and what to do.
 */
export interface LibraryAttempt {
  /** Absolute path, or the bare name given to the dynamic linker. */
  readonly path: string;
  /** What led there: the `clientLibrary` option, an environment variable, an install directory, … */
  readonly source: string;
  /** In English, to be read behind the path. */
  readonly reason: string;
  readonly code?: ClientLibraryErrorCode;
  /** What to do about it: one or two sentences. */
  readonly remedy?: string;
  /** The same in Chinese. */
  readonly chinese?: { readonly source: string; readonly reason: string; readonly remedy?: string };
  readonly exists?: boolean;
  readonly format?: 'elf' | 'pe';
  /** As `uname -m` writes it: `x86_64`, `aarch64`, `loongarch64`, `mips64el`, `sw_64`, `i386`, … */
  readonly architecture?: string;
  /** Which family of libraries its functions belong to; `v7` is the one of KingbaseES V7, which is refused. */
  readonly flavour?: ClientLibraryFlavour | 'v7';
  /** Of the file, by its name (libkci.so.5.12) or its version resource (a DLL's); not of the server it belongs to. */
  readonly version?: string;
  /** What it needs, itself or by way of another library, and cannot be found. */
  readonly missing?: readonly MissingLibrary[];
}
